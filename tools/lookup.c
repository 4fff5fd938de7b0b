// SPDX-License-Identifier: GPL-2.0-only
/*
 * From what people write to devices.
 *
 * Copyright (C) 2026 The dm-linear-guard developers
 */

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "lookup.h"
#include "mapper.h"
#include "say.h"
#include "sysfs.h"
#include "system.h"
#include "text.h"

/* One whose first table was never loaded is not in sysfs, from 5.15 on. */
static void see_name(dev_t number, const char *name, void *data)
{
	struct device *device = stack_by_number(data, number);
	char kname[32];

	if (device && device->name)
		return;
	if (!device) {
		snprintf(kname, sizeof(kname), "dm-%u", minor(number));
		device = stack_add(data, number, kname);
		device->unborn = true;
	}
	stack_set_name(data, device, name);
}

/**
 * lookup_mapped() - have the names of all mapped devices
 * @stack: with all devices of sysfs
 *
 * From device-mapper, which knows of those that sysfs does not; or from sysfs, which
 * anybody can read.
 *
 * Where thousands of devices are asked for something, this comes last: for a long list
 * libdevmapper takes a large buffer, and then takes one for each question, all of which
 * the kernel copies.
 *
 * Return: 0, also if the kernel has no device-mapper; or a negative errno.
 */
int lookup_mapped(struct stack *stack)
{
	int r;

	if (system_is_copy() || geteuid()) {
		sysfs_read_names(stack);
		return 0;
	}
	r = mapper_each(see_name, stack);
	/* It may also be there, and not to be asked by root of a container. */
	return r == -ENODEV && !system_has("sys/class/misc/device-mapper") ? 0 : r;
}

static bool has_prefix(const char *text, const char *prefix)
{
	return !strncmp(text, prefix, strlen(prefix));
}

/* In a copy of a system there are no device nodes: by the names that udev gives them. */
static bool find_node(const struct stack *stack, const char *path, dev_t *number)
{
	const struct device *device = NULL;
	struct stat status;

	if (!system_is_copy()) {
		if (stat(path, &status) || !S_ISBLK(status.st_mode))
			return false;
		*number = status.st_rdev;
		return true;
	}
	if (has_prefix(path, "/dev/mapper/"))
		device = stack_by_name(stack, path + strlen("/dev/mapper/"));
	else if (has_prefix(path, "/dev/"))
		device = stack_by_kname(stack, path + strlen("/dev/"));
	if (!device)
		return false;
	*number = device->number;
	return true;
}

/* A mapped device by its name, or by that as dmsetup writes it. */
static struct device *find_name(const struct stack *stack, const char *name)
{
	struct device *device = stack_by_name(stack, name);
	char *unmangled;

	if (device)
		return device;
	unmangled = text_unmangled(name);
	device = stack_by_name(stack, unmangled);
	free(unmangled);
	return device;
}

/* Or by what the kernel calls it, or by its number. */
static struct device *find_other(const struct stack *stack, const char *argument)
{
	struct device *device = stack_by_kname(stack, argument);
	dev_t number;

	if (!device && text_number(argument, &number))
		device = stack_by_number(stack, number);
	return device && device->mapped && !device->gone ? device : NULL;
}

/**
 * lookup_device() - find the device that an argument names
 * @stack: all devices, with the names of those that are mapped
 * @argument: a name; of a mapped device also its kname or number; a path; or one below
 *	      /dev, as in vg/lv
 * @name: receives what a mapped device of that name would be called, if there is none;
 *	  to be freed; NULL if it cannot be the name of one
 *
 * No name of a mapped device has a slash in it.
 *
 * Return: NULL if there is none.
 */
struct device *lookup_device(const struct stack *stack, const char *argument, char **name)
{
	struct device *device;
	const char *base;
	char *path;
	dev_t number;

	*name = NULL;
	if (!strchr(argument, '/')) {
		device = find_name(stack, argument);
		if (!device)
			device = find_other(stack, argument);
		if (!device && *argument)
			*name = text_unmangled(argument);
		return device;
	}
	path = format_text("%s%s", *argument == '/' ? "" : "/dev/", argument);
	base = path + strlen("/dev/mapper/");
	device = NULL;
	if (find_node(stack, path, &number)) {
		device = stack_by_number(stack, number);
	} else if (has_prefix(path, "/dev/mapper/") && *base && !strchr(base, '/')) {
		device = find_name(stack, base);
		if (!device)
			*name = text_unmangled(base);
	}
	free(path);
	return device;
}

/* Two numbers as the kernel's sscanf("%u:%u%c") reads them, which wraps. */
static bool read_pair(const char *word, unsigned int *major, unsigned int *minor)
{
	char *rest;

	if (!isdigit((unsigned char)*word))
		return false;
	*major = (unsigned int)strtoull(word, &rest, 10);
	if (*rest != ':' || !isdigit((unsigned char)rest[1]))
		return false;
	*minor = (unsigned int)strtoull(rest + 1, &rest, 10);
	return !*rest;
}

/* As the kernel keeps them: 12 and 20 bits. */
static int make_number(unsigned int major, unsigned int minor, dev_t *number)
{
	if (major >> 12 || minor >> 20)
		return -EOVERFLOW;
	*number = makedev(major, minor);
	return 0;
}

/*
 * Up to 6.4 the kernel goes on with what is no path as with root= of its command line: a
 * name that there is no node for, or a number in hexadecimal.
 */
static int read_root(const struct stack *stack, const char *word, dev_t *number)
{
	const struct device *device;
	unsigned long value;
	char *rest;

	if (has_prefix(word, "/dev/")) {
		device = stack_by_kname(stack, word + strlen("/dev/"));
		if (!device || device->gone || device->unborn)
			return -ENODEV;
		*number = device->number;
		return 0;
	}
	value = strtoul(word, &rest, 16);
	if (*rest || !isxdigit((unsigned char)*word) || !(uint32_t)value)
		return -ENODEV;
	*number = makedev((value & 0xfff00) >> 8,
			  (value & 0xff) | ((value >> 12) & 0xfff00));
	return 0;
}

/**
 * lookup_word() - find the number that a word of a table stands for, as the kernel does
 * @stack: all devices
 * @word: which
 * @kernel: as 0x0602 is 6.2
 * @number: receives it; whether such a device is there is another question
 *
 * A path need not begin with a slash: the kernel begins at dmsetup's directory.
 *
 * Return: 0, or the negative errno that a load would end with.
 */
int lookup_word(const struct stack *stack, const char *word, unsigned int kernel,
		dev_t *number)
{
	unsigned int major, minor;
	struct stat status;
	int error;

	if (read_pair(word, &major, &minor))
		return make_number(major, minor, number);
	if (find_node(stack, word, number))
		return *number || kernel < 0x0605 ? 0 : -ENODEV;
	if (kernel && kernel < 0x0605)
		return read_root(stack, word, number);
	error = system_is_copy() ? ENOENT : stat(word, &status) ? errno : ENOTBLK;
	return -error;
}
