// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sectors of text that say which sector they are.
 *
 * Usage: sectors [AT=NUMBER]... {FIRST COUNT}...
 *        sectors -w DEVICE AT=NUMBER...
 *        sectors -r DEVICE {FIRST COUNT}...
 *        sectors -m FILE COUNT
 *
 * Writes COUNT sectors of 512 bytes for each pair: sector FIRST holds the number
 * FIRST and blanks, the next one FIRST + 1, and so on.  Sector AT of all that is
 * written, counted from 0, holds NUMBER instead.
 *
 * With -w, writes such sectors to their places on a device, one by one, and with -r,
 * writes what a device has there, as a process for each takes an emulated machine
 * longer.  Both go past the page cache.
 *
 * With -m, writes the sectors of a file, which becomes as large as that, where it is
 * mapped to memory: from the last to the first, which no file system expects.
 */

#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* More than any number has. */
#define DIGITS 24

/* How many are read at once. */
#define CHUNK 1024UL

static unsigned long (*others)[2];
static int nr_others;

/* Aligned for what goes past the page cache. */
static char sector[512] __attribute__((aligned(4096)));

/* number_at: what sector AT of the output holds, where NUMBER would be next. */
static unsigned long number_at(unsigned long at, unsigned long number)
{
	int i;

	for (i = 0; i < nr_others; i++)
		if (others[i][0] == at)
			return others[i][1];
	return number;
}

static void fill(unsigned long number)
{
	int length = sprintf(sector, "%lu", number);

	memset(sector + length, ' ', DIGITS - length);
}

static int print_numbers(char **pair)
{
	static char buffer[1 << 16];
	unsigned long at = 0, first, count, i;

	setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
	for (; pair[0]; pair += 2) {
		first = strtoul(pair[0], NULL, 10);
		count = strtoul(pair[1], NULL, 10);
		for (i = first; i < first + count; i++) {
			fill(number_at(at++, i));
			if (fwrite(sector, 512, 1, stdout) != 1)
				return -1;
		}
	}
	return fclose(stdout);
}

static int print_device(const char *device, char **pair)
{
	static char buffer[CHUNK * 512] __attribute__((aligned(4096)));
	int fd = open(device, O_RDONLY | O_DIRECT);
	unsigned long at, count;
	ssize_t n;

	if (fd < 0)
		return -1;
	for (; pair[0]; pair += 2) {
		at = strtoul(pair[0], NULL, 10);
		for (count = strtoul(pair[1], NULL, 10); count; count -= n / 512) {
			n = pread(fd, buffer, (count < CHUNK ? count : CHUNK) * 512,
				  at * 512);
			if (n < 512 || n % 512 || fwrite(buffer, n, 1, stdout) != 1)
				return -1;
			at += n / 512;
		}
	}
	return fclose(stdout);
}

static int write_device(const char *device)
{
	int fd = open(device, O_WRONLY | O_DIRECT), i;

	if (fd < 0)
		return -1;
	for (i = 0; i < nr_others; i++) {
		fill(others[i][1]);
		if (pwrite(fd, sector, 512, others[i][0] * 512) != 512)
			return -1;
	}
	return close(fd);
}

static int write_mapped(const char *file, unsigned long count)
{
	int fd = open(file, O_RDWR | O_CREAT | O_TRUNC, 0600);
	char *map;

	if (fd < 0 || ftruncate(fd, count * 512))
		return -1;
	map = mmap(NULL, count * 512, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return -1;
	while (count--) {
		fill(count);
		memcpy(map + count * 512, sector, 512);
	}
	return close(fd);
}

int main(int argc, char **argv)
{
	char *number, *file = NULL, option = 0;
	int left, r;

	others = calloc(argc, sizeof(*others));
	if (!others)
		return 1;
	memset(sector, ' ', sizeof(sector) - 1);
	sector[sizeof(sector) - 1] = '\n';
	argv++;
	if (argc > 2 && argv[0][0] == '-') {
		option = argv[0][1];
		file = argv[1];
		argv += 2;
	}
	for (; *argv && (number = strchr(*argv, '=')); argv++) {
		others[nr_others][0] = strtoul(*argv, NULL, 10);
		others[nr_others++][1] = strtoul(number + 1, NULL, 10);
	}
	for (left = 0; argv[left]; left++)
		;
	if (!option && left % 2 == 0) {
		r = print_numbers(argv);
	} else if (option == 'w' && !left) {
		r = write_device(file);
	} else if (option == 'r' && !nr_others && left % 2 == 0) {
		r = print_device(file, argv);
	} else if (option == 'm' && !nr_others && left == 1) {
		r = write_mapped(file, strtoul(argv[0], NULL, 10));
	} else {
		fprintf(stderr, "usage: sectors [AT=NUMBER]... {FIRST COUNT}...\n"
				"       sectors -w DEVICE AT=NUMBER...\n"
				"       sectors -r DEVICE {FIRST COUNT}...\n"
				"       sectors -m FILE COUNT\n");
		return 2;
	}
	if (r)
		perror(file ? file : "standard output");
	return r ? 1 : 0;
}
