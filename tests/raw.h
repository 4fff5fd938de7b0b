/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests share that speak to device-mapper without libdevmapper: one
 * ioctl, and what must not change meanwhile.
 */
#ifndef DLG_TESTS_RAW_H
#define DLG_TESTS_RAW_H

#include <linux/dm-ioctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#define ROOM 16384

static int control;

/* One ioctl, and room for what it takes and gives. */
static union {
	struct dm_ioctl ioctl;
	char room[ROOM];
} dm;

static void prepare(const char *name, unsigned int flags)
{
	memset(&dm, 0, sizeof(dm));
	dm.ioctl.version[0] = DM_VERSION_MAJOR;
	dm.ioctl.data_size = sizeof(dm);
	dm.ioctl.data_start = sizeof(dm.ioctl);
	dm.ioctl.flags = flags;
	snprintf(dm.ioctl.name, sizeof(dm.ioctl.name), "%s", name);
}

/* The same, with a table of one line. */
static inline void prepare_load(const char *name, const char *type,
				unsigned long long length, const char *parameters)
{
	struct dm_target_spec *spec = (void *)(dm.room + sizeof(dm.ioctl));

	prepare(name, 0);
	dm.ioctl.target_count = 1;
	spec->length = length;
	snprintf(spec->target_type, sizeof(spec->target_type), "%s", type);
	strcpy((char *)(spec + 1), parameters);
	spec->next = sizeof(*spec) + ((strlen(parameters) + 8) & ~7);
}

/*
 * The live tables of devices, their flags and open counts, and the module's
 * users, -1 if it is not there.
 */
static inline void look(char *text, size_t size, const char *const *names, int count)
{
	struct dm_target_spec *spec;
	int i, n = 0, users = -1;
	FILE *file;

	for (i = 0; i < count; i++) {
		prepare(names[i], DM_STATUS_TABLE_FLAG);
		if (ioctl(control, DM_TABLE_STATUS, &dm)) {
			perror(names[i]);
			exit(2);
		}
		spec = (void *)(dm.room + dm.ioctl.data_start);
		n += snprintf(text + n, size - n, "%s: %llu %s %s, flags %x, open %d; ",
			      names[i], (unsigned long long)spec->length,
			      spec->target_type, (char *)(spec + 1),
			      dm.ioctl.flags, dm.ioctl.open_count);
	}
	file = fopen("/sys/module/dm_linear_guard/refcnt", "r");
	if (file && fscanf(file, "%d", &users) != 1)
		users = -2;
	if (file)
		fclose(file);
	snprintf(text + n, size - n, "%d users", users);
}

#endif
