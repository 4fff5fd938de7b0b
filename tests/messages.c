// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel has logged since the last call.
 *
 * Usage: messages [-n] <>/dev/kmsg
 *
 * Standard input stays open between the calls, and keeps the place.  Prints the text
 * of each message, as dmesg does without a time; -n: none of them, but only go to the
 * end.  Does not wait for more.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A record is "PRIORITY,NUMBER,TIME,FLAGS;TEXT\n", and then lines of a dictionary. */
static void print_record(const char *record)
{
	const char *p = strchr(record, ';');
	unsigned int c;

	for (p = p ? p + 1 : record; *p && *p != '\n'; p++) {
		/* What is not printable, and the backslash itself. */
		if (p[0] == '\\' && p[1] == 'x' && sscanf(p + 2, "%2x", &c) == 1) {
			putchar(c);
			p += 3;
		} else {
			putchar(*p);
		}
	}
	putchar('\n');
}

int main(int argc, char **argv)
{
	static char record[8193];
	ssize_t n;

	if (argc > 1 && !strcmp(argv[1], "-n"))
		return lseek(0, 0, SEEK_END) < 0;

	fcntl(0, F_SETFL, fcntl(0, F_GETFL) | O_NONBLOCK);
	for (;;) {
		n = read(0, record, sizeof(record) - 1);
		/* The oldest ones can be gone. */
		if (n < 0 && errno == EPIPE)
			continue;
		if (n <= 0)
			break;
		record[n] = '\0';
		print_record(record);
	}
	if (n < 0 && errno != EAGAIN) {
		perror("messages");
		return 1;
	}
	return fflush(stdout) ? 1 : 0;
}
