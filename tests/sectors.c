// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sectors of text that say which sector they are.
 *
 * Usage: sectors [AT=NUMBER]... {FIRST COUNT}...
 *
 * Writes COUNT sectors of 512 bytes for each pair: sector FIRST holds the number
 * FIRST and blanks, the next one FIRST + 1, and so on.  Sector AT of all that is
 * written, counted from 0, holds NUMBER instead.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More than any number has. */
#define DIGITS 24

static unsigned long (*others)[2];
static int nr_others;

/* number_at: what sector AT of the output holds, where NUMBER would be next. */
static unsigned long number_at(unsigned long at, unsigned long number)
{
	int i;

	for (i = 0; i < nr_others; i++)
		if (others[i][0] == at)
			return others[i][1];
	return number;
}

int main(int argc, char **argv)
{
	static char sector[512], buffer[1 << 16];
	unsigned long at = 0, first, count, i;
	char *number;
	int length;

	others = calloc(argc, sizeof(*others));
	if (!others)
		return 1;
	memset(sector, ' ', sizeof(sector) - 1);
	sector[sizeof(sector) - 1] = '\n';
	setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
	for (argv++; *argv && (number = strchr(*argv, '=')); argv++) {
		others[nr_others][0] = strtoul(*argv, NULL, 10);
		others[nr_others++][1] = strtoul(number + 1, NULL, 10);
	}
	for (; argv[0] && argv[1]; argv += 2) {
		first = strtoul(argv[0], NULL, 10);
		count = strtoul(argv[1], NULL, 10);
		for (i = first; i < first + count; i++) {
			length = sprintf(sector, "%lu", number_at(at++, i));
			memset(sector + length, ' ', DIGITS - length);
			if (fwrite(sector, 512, 1, stdout) != 1)
				return 1;
		}
	}
	if (*argv) {
		fprintf(stderr, "usage: sectors [AT=NUMBER]... {FIRST COUNT}...\n");
		return 2;
	}
	return fclose(stdout) ? 1 : 0;
}
