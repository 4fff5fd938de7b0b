// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is below a device, but linked by no driver: the module cannot see it.
 *
 * Copyright (C) 2026 The dm-linear-guard developers
 *
 * A loop through one of these does not overflow the kernel's stack, as the drivers hand
 * over to a thread of their own.  It hangs.
 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/loop.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "hidden.h"
#include "say.h"
#include "sysfs.h"
#include "system.h"
#include "text.h"

/* File systems. */

/*
 * A line of mountinfo: "ID PARENT MAJOR:MINOR ROOT POINT OPTIONS... - TYPE SOURCE ...";
 * what could be taken for a separator is in octal.
 */
struct mount {
	unsigned int id;
	dev_t number;
	char type[32];
	char source[PATH_MAX];
};

static void read_octal(char *text)
{
	char *out = text;

	for (; *text; text++) {
		if (text[0] == '\\' && strspn(text + 1, "01234567") >= 3) {
			*out++ = (char)((text[1] - '0') << 6 | (text[2] - '0') << 3 |
					(text[3] - '0'));
			text += 3;
		} else {
			*out++ = *text;
		}
	}
	*out = '\0';
}

static bool parse_mount(const char *line, struct mount *mount)
{
	unsigned int major, minor;
	const char *rest = strstr(line, " - ");

	if (!rest || sscanf(line, "%u %*u %u:%u", &mount->id, &major, &minor) != 3)
		return false;
	if (sscanf(rest, " - %31s %4095s", mount->type, mount->source) != 2)
		return false;
	mount->number = makedev(major, minor);
	read_octal(mount->source);
	return true;
}

/* The mount that a file is on; by its number, as a path can have another one over it. */
static bool find_mount(int fd, struct mount *mount)
{
	char path[64], *line = NULL;
	unsigned int id = 0;
	bool found = false;
	size_t room = 0;
	FILE *file;

	snprintf(path, sizeof(path), "proc/self/fdinfo/%d", fd);
	file = system_file(path);
	while (file && getline(&line, &room, file) > 0)
		if (sscanf(line, "mnt_id: %u", &id) == 1)
			break;
	if (file)
		fclose(file);
	file = system_file("proc/self/mountinfo");
	while (file && !found && getline(&line, &room, file) > 0)
		found = parse_mount(line, mount) && mount->id == id;
	if (file)
		fclose(file);
	free(line);
	return found;
}

struct btrfs {
	struct stack *stack;
	struct device *upper;
	struct device *source;
	enum edge_kind kind;
	bool is_this;
};

static void link_hidden(struct stack *stack, struct device *upper, struct device *lower,
			enum edge_kind kind)
{
	if (lower && lower->disk != upper->disk)
		stack_link(stack, upper, lower, kind);
}

static int see_btrfs_device(const char *name, void *data)
{
	struct btrfs *btrfs = data;
	struct device *device = stack_by_kname(btrfs->stack, name);

	if (btrfs->is_this)
		link_hidden(btrfs->stack, btrfs->upper, device, btrfs->kind);
	else if (device && device == btrfs->source)
		return 1;
	return 0;
}

static int see_btrfs(const char *uuid, void *data)
{
	struct btrfs *btrfs = data;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "sys/fs/btrfs/%s/devices", uuid);
	btrfs->is_this = false;
	if (system_each(path, see_btrfs_device, data) != 1)
		return 0;
	btrfs->is_this = true;
	system_each(path, see_btrfs_device, data);
	return 1;
}

/* Swap is below what is in memory only, as the files of tmpfs are. */
static void link_swap(struct stack *stack, struct device *upper)
{
	char *line = NULL, name[PATH_MAX], type[32];
	FILE *file = system_file("proc/swaps");
	struct stat status;
	size_t room = 0;

	while (file && getline(&line, &room, file) > 0) {
		if (sscanf(line, "%4095s %31s", name, type) != 2 || name[0] != '/')
			continue;
		read_octal(name);
		if (stat(name, &status))
			continue;
		link_hidden(stack, upper,
			    stack_by_number(stack, S_ISBLK(status.st_mode) ?
					    status.st_rdev : status.st_dev), EDGE_SWAP);
	}
	free(line);
	if (file)
		fclose(file);
}

/* What the file system of a file is on. */
static void link_file_system(struct stack *stack, struct device *upper, int fd,
			     dev_t number, enum edge_kind kind)
{
	struct device *lower = stack_by_number(stack, number);
	struct btrfs btrfs = { .stack = stack, .upper = upper, .kind = kind };
	struct mount mount;
	struct stat status;

	if (lower) {
		link_hidden(stack, upper, lower, kind);
		return;
	}
	if (fd < 0 || !find_mount(fd, &mount))
		return;
	if (!strcmp(mount.type, "tmpfs") || !strcmp(mount.type, "ramfs")) {
		if (mount.type[0] == 't')
			link_swap(stack, upper);
		return;
	}
	/* Those that have no one device, and a number of their own. */
	if (stat(mount.source, &status) || !S_ISBLK(status.st_mode))
		return;
	btrfs.source = stack_by_number(stack, status.st_rdev);
	if (strcmp(mount.type, "btrfs") ||
	    system_each("sys/fs/btrfs", see_btrfs, &btrfs) != 1)
		link_hidden(stack, upper, btrfs.source, kind);
}

/* What is below a device by way of a file, or of a device that it writes to as one. */
static void link_path(struct stack *stack, struct device *upper, const char *path,
		      enum edge_kind kind)
{
	int fd = open(path, O_PATH | O_CLOEXEC);
	struct stat status;

	if (fd < 0)
		return;
	if (!fstat(fd, &status)) {
		if (S_ISBLK(status.st_mode))
			link_hidden(stack, upper, stack_by_number(stack, status.st_rdev),
				    kind);
		else
			link_file_system(stack, upper, fd, status.st_dev, kind);
	}
	close(fd);
}

/* Loop devices. */

static int open_node(const struct device *device)
{
	char *path = format_text("dev/%s", device->kname);
	int fd = system_open(path, O_RDONLY | O_NONBLOCK);
	struct stat status;

	free(path);
	if (fd >= 0 && (fstat(fd, &status) || status.st_rdev != device->number)) {
		close(fd);
		return -1;
	}
	return fd;
}

/*
 * The kernel says on which device the file of a loop device is, and which it is if it is
 * one: the path may be one of another root, and the file may have been removed.
 */
static void see_loop_device(struct stack *stack, struct device *loop)
{
	char path[PATH_MAX];
	struct loop_info64 info = { 0 };
	struct stat status;
	int fd, file, r;

	if (!sysfs_text(loop, "loop/backing_file", path, sizeof(path)))
		return;
	if (system_is_copy()) {
		link_hidden(stack, loop, stack_by_kname(stack, path), EDGE_FILE);
		return;
	}
	fd = open_node(loop);
	if (fd < 0)
		return;
	r = ioctl(fd, LOOP_GET_STATUS64, &info);
	close(fd);
	if (r)
		return;
	if (info.lo_rdevice) {
		link_hidden(stack, loop, stack_by_number(stack, info.lo_rdevice),
			    EDGE_FILE);
		return;
	}
	file = open(path, O_PATH | O_CLOEXEC);
	if (file >= 0 && (fstat(file, &status) || status.st_ino != info.lo_inode)) {
		close(file);
		file = -1;
	}
	link_file_system(stack, loop, file, info.lo_device, EDGE_FILE);
	if (file >= 0)
		close(file);
}

static void see_zram(struct stack *stack, struct device *zram)
{
	char path[PATH_MAX];

	if (!sysfs_text(zram, "backing_dev", path, sizeof(path)) || path[0] != '/')
		return;
	/* The path is one of another system's. */
	if (system_is_copy())
		link_hidden(stack, zram, stack_by_kname(stack, strrchr(path, '/') + 1),
			    EDGE_BACKING);
	else
		link_path(stack, zram, path, EDGE_BACKING);
}

/**
 * hidden_read() - add what is below loop devices and zram
 * @stack: with all devices
 *
 * What cannot be found out is left out: this needs root.
 */
void hidden_read(struct stack *stack)
{
	struct device *device;

	for (device = stack->first; device; device = device->next) {
		if (device->gone || device->disk != device)
			continue;
		if (!strncmp(device->kname, "loop", 4))
			see_loop_device(stack, device);
		else if (!strncmp(device->kname, "zram", 4))
			see_zram(stack, device);
	}
}

/* Snapshots. */

/**
 * struct snapshot - a mapped device that has something to do with an origin
 * @device: which
 * @origin: of it
 * @cow: where it keeps what is overwritten in the origin; NULL if it is the origin
 */
struct snapshot {
	struct device *device;
	struct device *origin;
	struct device *cow;
};

/* The device of a word of a table, as the kernel writes it. */
static struct device *device_at(struct stack *stack, const char *words, unsigned int n)
{
	char word[32];
	dev_t number;

	while (n--) {
		words += strcspn(words, " ");
		words += strspn(words, " ");
	}
	snprintf(word, sizeof(word), "%.*s", (int)strcspn(words, " "), words);
	return text_number(word, &number) ? stack_by_number(stack, number) : NULL;
}

/**
 * snapshots_add() - take a line of a table
 * @snapshots: which are remembered
 * @stack: all devices
 * @device: whose table it is
 * @type: its target
 * @words: its parameters, with devices as MAJOR:MINOR
 */
void snapshots_add(struct snapshots *snapshots, struct stack *stack,
		   struct device *device, const char *type, const char *words)
{
	bool snapshot = !strcmp(type, "snapshot") || !strcmp(type, "snapshot-merge");
	struct snapshot *at;

	if (!snapshot && strcmp(type, "snapshot-origin"))
		return;
	snapshots->at = grow(snapshots->at, snapshots->count, &snapshots->room,
			     sizeof(*snapshots->at));
	at = &snapshots->at[snapshots->count];
	at->device = device;
	at->origin = device_at(stack, words, 0);
	at->cow = snapshot ? device_at(stack, words, 1) : NULL;
	if (at->origin && (at->cow || !snapshot))
		snapshots->count++;
}

void snapshots_add_table(struct snapshots *snapshots, struct stack *stack,
			 struct device *device, const struct mapped *mapped)
{
	size_t i;

	for (i = 0; i < mapped->count; i++)
		snapshots_add(snapshots, stack, device, mapped->targets[i].type,
			      mapped->targets[i].words);
}

static int compare_origins(const void *a, const void *b)
{
	const struct snapshot *one = a, *other = b;

	if (one->origin->number != other->origin->number)
		return one->origin->number < other->origin->number ? -1 : 1;
	/* Origins first. */
	return !!one->cow - !!other->cow;
}

/**
 * snapshots_link() - have each origin stacked on the COW devices of its snapshots
 * @snapshots: all; they are forgotten
 * @stack: where
 */
void snapshots_link(struct snapshots *snapshots, struct stack *stack)
{
	struct snapshot *at = snapshots->at;
	size_t count = snapshots->count, first = 0, i, j;

	if (count)
		qsort(at, count, sizeof(*at), compare_origins);
	for (i = 0; i < count; i++) {
		if (at[i].origin != at[first].origin)
			first = i;
		for (j = first; at[i].cow && j < i && !at[j].cow; j++)
			link_hidden(stack, at[j].device, at[i].cow, EDGE_COW);
	}
	free(at);
	memset(snapshots, 0, sizeof(*snapshots));
}
