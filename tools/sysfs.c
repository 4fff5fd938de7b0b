// SPDX-License-Identifier: GPL-2.0-only
/*
 * Block devices as sysfs shows them.
 *
 * Copyright (C) 2026 The dm-linear-guard developers
 *
 * A directory is read with one look at each name; nothing is looked at twice, as there
 * can be 10,000 devices.
 */

#include <errno.h>
#include <libdevmapper.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "say.h"
#include "stack.h"
#include "sysfs.h"
#include "system.h"
#include "text.h"

#define DEVICES "sys/dev/block"

/* Room for a path to a file of a device's. */
#define PATH_SIZE 256

static char *put_path(char *path, const struct device *device, const char *file)
{
	snprintf(path, PATH_SIZE, DEVICES "/%u:%u/%s", major(device->number),
		 minor(device->number), file);
	return path;
}

/**
 * sysfs_text() - what a file of a device's says, without the newline
 * @device: which
 * @file: of it
 * @text: receives it; empty if there is none
 * @size: of @text
 *
 * Return: its length.
 */
size_t sysfs_text(const struct device *device, const char *file, char *text, size_t size)
{
	char path[PATH_SIZE];
	ssize_t length = system_read(put_path(path, device, file), text, size);

	return length < 0 ? 0 : (size_t)length;
}

/**
 * sysfs_number() - the number that a file of a device's has, or 0
 */
uint64_t sysfs_number(const struct device *device, const char *file)
{
	char text[32];

	sysfs_text(device, file, text, sizeof(text));
	return strtoull(text, NULL, 10);
}

/* A device can be called cciss/c0d0, and no directory can. */
static void restore_slashes(char *kname)
{
	while ((kname = strchr(kname, '!')))
		*kname = '/';
}

/* What reading the stack needs to remember. */
struct reading {
	struct stack *stack;
	struct device **slaves;
	size_t count;
	size_t room;
};

/*
 * A name is the number of a device, and a link to its directory: that of a disk is below
 * its controller's, that of a partition below its disk's.
 */
static int see_device(const char *name, void *data)
{
	struct reading *reading = data;
	char path[PATH_SIZE], link[PATH_MAX], *kname, *above;
	struct device *device;
	dev_t number;

	if (!text_number(name, &number))
		return 0;
	snprintf(path, sizeof(path), DEVICES "/%s", name);
	/* It may have gone meanwhile. */
	if (system_link(path, link, sizeof(link)) < 0)
		return 0;
	kname = strrchr(link, '/');
	if (!kname)
		return 0;
	*kname++ = '\0';
	restore_slashes(kname);
	device = stack_add(reading->stack, number, kname);
	above = strrchr(link, '/');
	if (above && strcmp(above, "/block")) {
		restore_slashes(++above);
		device->data = need(dm_pool_strdup(reading->stack->pool, above));
	}
	return 0;
}

/* Some disks have a directory below another disk's, but no such file. */
static void find_disk(struct stack *stack, struct device *device)
{
	char path[PATH_SIZE];
	struct device *disk;

	if (!device->data)
		return;
	disk = stack_by_kname(stack, device->data);
	device->data = NULL;
	if (disk && system_has(put_path(path, device, "partition")))
		device->disk = disk;
}

/* A slave that has gone is still linked, to nothing. */
static int see_slave(const char *name, void *data)
{
	struct reading *reading = data;
	struct device *slave;
	char kname[PATH_SIZE];

	snprintf(kname, sizeof(kname), "%s", name);
	restore_slashes(kname);
	slave = stack_by_kname(reading->stack, kname);
	if (!slave) {
		slave = stack_add(reading->stack, 0, kname);
		slave->gone = true;
	}
	reading->slaves = grow(reading->slaves, reading->count, &reading->room,
			       sizeof(*reading->slaves));
	reading->slaves[reading->count++] = slave;
	return 0;
}

static int read_slaves(struct reading *reading, struct device *holder)
{
	char path[PATH_SIZE];
	size_t i;
	int r;

	reading->count = 0;
	r = system_each(put_path(path, holder, "slaves"), see_slave, reading);
	stack_sort_devices(reading->slaves, reading->count);
	for (i = 0; i < reading->count; i++)
		stack_link(reading->stack, holder, reading->slaves[i], EDGE_LINK);
	/* It may be of a kind that has none, or have gone meanwhile. */
	return r == -ENOENT || r == -ENODEV ? 0 : r;
}

/**
 * sysfs_read_devices() - add all block devices
 * @stack: an empty one
 *
 * Return: 0 or a negative errno.
 */
int sysfs_read_devices(struct stack *stack)
{
	struct reading reading = { .stack = stack };
	struct device *device;
	int r = system_each(DEVICES, see_device, &reading);

	stack_sort(stack);
	for (device = stack->first; device; device = device->next)
		find_disk(stack, device);
	return r;
}

/**
 * sysfs_read_links() - add the links between them
 *
 * Return: 0 or a negative errno.
 */
int sysfs_read_links(struct stack *stack)
{
	struct reading reading = { .stack = stack };
	struct device *device;
	int r = 0;

	for (device = stack->first; device && !r; device = device->next)
		if (device->disk == device && !device->gone)
			r = read_slaves(&reading, device);
	free(reading.slaves);
	return r;
}

static void read_name(struct stack *stack, struct device *device)
{
	char text[PATH_SIZE];

	if (!device->mapped || device->name || device->gone)
		return;
	if (sysfs_text(device, "dm/name", text, sizeof(text)))
		stack_set_name(stack, device, text);
	if (sysfs_text(device, "dm/uuid", text, sizeof(text)))
		device->uuid = need(dm_pool_strdup(stack->pool, text));
}

/**
 * sysfs_read_names() - have the names and uuids of mapped devices that nobody has told
 */
void sysfs_read_names(struct stack *stack)
{
	struct device *device;

	for (device = stack->first; device; device = device->next)
		read_name(stack, device);
}
