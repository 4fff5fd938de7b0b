// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tables and ioctls that nobody would write who means well.
 *
 * Usage: hostile [-s SEED] [-n LINES] NAME...
 *
 * Loads tables for the mapped devices NAME..., at least LINES lines in all: of
 * texts without end or sense, and in every third ioctl a header that lies about
 * sizes, offsets, counts, names and flags.  Nothing is ever resumed, so that the
 * live tables must be what they were, and the module must have as many users.
 * Exits with 1 if not.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <unistd.h>

#include "dm.h"
#include "raw.h"

#define MOST_LINES 16

static char **names;
static int name_count;

static const char *const devices[] = {
	"/dev/ram0", "1:0", "/dev/ram0", "1:0", "01:00", "/dev/ram0/", "/dev//ram0",
	"/dev/mapper/%N", "/dev/mapper/%N", "/dev/mapper/../mapper/%N", "/dev",
	"/", "", ".", "..", "/dev/null", "/proc/self/exe", "/dev/mapper/control",
	"1:1048576", "4294967295:4294967295", "-1:-1", "0:0", "1:", ":0", ":", "1:0:0",
	"1:0x0", "253:0 ", "/dev/ram0\n0", "/dev/ram%d%s%n", "\\ ", "\"/dev/ram0\"",
	"/dev/\x1b[2Jram", "/dev/r\xe4m0", "PARTUUID=0", "/dev/loop-control",
};

static const char *const offsets[] = {
	"0", "8", "0", "8", "16", "2047", "2048", "-1", "-0", "+1", "00", "0x8", "1e3",
	"18446744073709551615", "18446744073709551616", "9223372036854775808",
	"99999999999999999999999999", "", " ", "8 8", "8\t", "8\n", "8 ", "\xff",
	"%s%s%s%n", "8;", "8,8", "1.5", "NaN", "0\\", "'0'", "8\v", "--",
};

#define PICK(array) ((array)[below(sizeof(array) / sizeof(*(array)))])

static uint64_t number(void)
{
	static const uint64_t numbers[] = {
		0, 1, 7, 8, 16, 2048, 4096, ROOM, ROOM + 1, 0x7fffffff, 0x80000000,
		0xffffffff, 1ULL << 32, 1ULL << 62, 1ULL << 63, ~0ULL, ~0ULL - 7,
	};

	return below(4) ? PICK(numbers) : ((uint64_t)below(~0U) << 32) ^ below(~0U);
}

/* Into size bytes, the end of the text included; returns its length. */
static int write_line(char *text, int size)
{
	const char *device = PICK(devices), *n = strstr(device, "%N");
	int len, i;

	if (!below(8)) {
		len = below(size < 512 ? size : 512);
		for (i = 0; i < len; i++)
			text[i] = below(255) + 1;
		text[len] = '\0';
		return len;
	}
	if (n)
		len = snprintf(text, size, "%.*s%s%s %s", (int)(n - device), device,
			       names[below(name_count)], n + 2, PICK(offsets));
	else
		len = snprintf(text, size, "%s %s", device, PICK(offsets));
	if (len >= size)
		len = size - 1;
	/* A byte, or the end, somewhere. */
	if (len && !below(6))
		text[below(len)] = below(256);
	return len;
}

static int write_table(void)
{
	static const char *const types[] = {
		"linear", "linear", "linear", "linear-guard", "striped", "zero",
	};
	static const char *const other_types[] = {
		"linear (guard)", "", "lin%sear", "linear\n", "LINEAR",
		"sixteen-letters!",
	};
	struct dm_target_spec *spec = NULL;
	int lines = 1 + below(MOST_LINES), i, at = sizeof(dm.ioctl), len;
	unsigned int offset;
	const char *type;
	uint64_t sector = 0;

	for (i = 0; i < lines && at + 600 < ROOM; i++) {
		spec = (void *)(dm.room + at);
		spec->sector_start = below(100) ? sector : number();
		spec->length = below(100) ? 8 : number();
		sector += 8;
		/* Not always with an end. */
		type = below(60) ? PICK(types) : PICK(other_types);
		strncpy(spec->target_type, type, sizeof(spec->target_type));
		/* Most are good, as core goes no further than to the first bad one. */
		offset = 8 * below(256);
		if (!below(16))
			len = write_line((char *)(spec + 1), 512);
		else if (!strcmp(type, "striped"))
			len = sprintf((char *)(spec + 1), "1 8 /dev/ram0 %u", offset);
		else if (!strcmp(type, "zero"))
			len = 0;
		else
			len = sprintf((char *)(spec + 1), "/dev/ram0 %u", offset);
		spec->next = (sizeof(*spec) + len + 8) & ~7;
		at += spec->next;
		if (!below(100))
			spec->next = number();
	}
	dm.ioctl.target_count = i;
	return i;
}

/* Sizes that core asks the allocator for unseen stay below what makes it warn. */
static void lie(void)
{
	size_t i;

	switch (below(8)) {
	case 0:
		dm.ioctl.data_size = below(2) ? below(1 << 22) : below(ROOM);
		break;
	case 1:
		dm.ioctl.data_start = number();
		break;
	case 2:
		dm.ioctl.target_count = below(2) ? below(1 << 16) : below(40);
		break;
	case 3:
		dm.ioctl.flags = number();
		break;
	case 4:
		for (i = 0; i < sizeof(dm.ioctl.name); i++)
			dm.ioctl.name[i] = below(255) + 1;
		break;
	case 5:
		for (i = 0; i < sizeof(dm.ioctl.uuid); i++)
			dm.ioctl.uuid[i] = below(255) + 1;
		break;
	case 6:
		dm.ioctl.dev = number();
		break;
	case 7:
		dm.ioctl.version[below(3)] = number();
		break;
	}
}

/* What must not change; what was accepted is cleared. */
static void look_at_all(char *text, size_t size)
{
	int i;

	for (i = 0; i < name_count; i++) {
		prepare(names[i], 0);
		ioctl(control, DM_TABLE_CLEAR, &dm);
	}
	look(text, size, (const char *const *)names, name_count);
}

int main(int argc, char **argv)
{
	unsigned long seed = 1, wanted = 1000, lines = 0, accepted = 0, ioctls = 0;
	unsigned long good = 0, count;
	unsigned long errors[256] = { 0 };
	char before[4096], after[4096];
	int option, i;

	while ((option = getopt(argc, argv, "s:n:")) != -1) {
		if (option == 's')
			seed = strtoul(optarg, NULL, 0);
		else if (option == 'n')
			wanted = strtoul(optarg, NULL, 0);
		else
			return 2;
	}
	names = argv + optind;
	name_count = argc - optind;
	control = open("/dev/mapper/control", O_RDWR);
	if (!name_count || control < 0) {
		fprintf(stderr, "usage: hostile [-s SEED] [-n LINES] NAME...\n");
		return 2;
	}

	seed_random(seed);
	look_at_all(before, sizeof(before));
	while (lines < wanted) {
		prepare(names[below(name_count)], 0);
		lines += write_table();
		if (!below(3))
			lie();
		count = dm.ioctl.target_count;
		ioctls++;
		if (!ioctl(control, DM_TABLE_LOAD, &dm)) {
			accepted++;
			good += count;
		} else {
			errors[errno & 255]++;
		}
		if (ioctls % 64)
			continue;
		look_at_all(after, sizeof(after));
		if (strcmp(before, after)) {
			printf("after %lu ioctls\nbefore: %s\nafter:  %s\n", ioctls,
			       before, after);
			return 1;
		}
	}
	look_at_all(after, sizeof(after));
	printf("%lu lines in %lu ioctls, %lu with %lu lines accepted", lines, ioctls,
	       accepted, good);
	for (i = 0; i < 256; i++)
		if (errors[i])
			printf(", %lu %s", errors[i], strerror(i));
	printf("\n");
	return strcmp(before, after) || !accepted;
}
