// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mapped devices as device-mapper shows and changes them.
 *
 * Copyright (C) 2026 The dm-linear-guard developers
 *
 * In a copy of a system (--sysroot) there is no device-mapper to ask.  There, a file
 * dm/MAJOR:MINOR can have what it would say: lines of "status", "table",
 * "inactive-status" or "inactive-table", each with a line of that table behind it.
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libdevmapper.h>
#include <limits.h>
#include <linux/dm-ioctl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "mapper.h"
#include "say.h"
#include "system.h"

/* The first thing that libdevmapper has said since the last call of new_task(). */
static char said[512];

static void __attribute__((format(printf, 5, 6)))
hear(int level, const char *file, int line, int dm_errno, const char *format, ...)
{
	va_list arguments;

	(void)file;
	(void)line;
	(void)dm_errno;
	/* Of syslog's levels; a further bit is for standard error. */
	if ((level & 7) > 3 || said[0])
		return;
	va_start(arguments, format);
	vsnprintf(said, sizeof(said), format, arguments);
	va_end(arguments);
}

/**
 * mapper_said() - what libdevmapper said of the last error
 */
const char *mapper_said(void)
{
	return said[0] ? said : "libdevmapper does not say why";
}

/**
 * mapper_init() - before anything else of libdevmapper's
 *
 * Its messages are for mapper_said() alone.  At the end of the program it complains of each
 * memory pool that is left, as after an error.
 */
void mapper_init(void)
{
	dm_log_with_errno_init(hear);
	/* Names as they are in the kernel, whatever is in them. */
	dm_set_name_mangling_mode(DM_STRING_MANGLING_NONE);
	dm_hold_control_dev(1);
}

/* NULL if there is no device-mapper to ask, of which libdevmapper speaks. */
static struct dm_task *new_task(int type)
{
	struct dm_task *task;

	said[0] = '\0';
	task = dm_task_create(type);
	if (task)
		dm_task_no_open_count(task);
	return task;
}

static void end(struct dm_task *task)
{
	if (task)
		dm_task_destroy(task);
}

/* -EIO if it is libdevmapper that would not. */
static int run(struct dm_task *task)
{
	int error;

	if (!task)
		return -ENODEV;
	if (dm_task_run(task))
		return 0;
	error = dm_task_get_errno(task);
	return error ? -error : -EIO;
}

static struct dm_task *new_task_on(int type, dev_t number)
{
	struct dm_task *task = new_task(type);

	if (task && !dm_task_set_major_minor(task, (int)major(number), (int)minor(number), 0))
		need(NULL);
	return task;
}

static int run_on(int type, dev_t number)
{
	struct dm_task *task = new_task_on(type, number);
	int r = run(task);

	end(task);
	return r;
}

/**
 * mapper_each() - tell the number and the name of each mapped device
 * @fn: told it
 * @data: for it
 */
int mapper_each(mapper_name_fn fn, void *data)
{
	struct dm_task *task = new_task(DM_DEVICE_LIST);
	struct dm_names *names;
	int r = run(task);

	names = r ? NULL : dm_task_get_names(task);
	while (names && names->dev) {
		fn(names->dev, names->name, data);
		if (!names->next)
			break;
		names = (struct dm_names *)(void *)((char *)names + names->next);
	}
	end(task);
	return r;
}

static struct target *add_target(struct mapped *mapped)
{
	mapped->targets = grow(mapped->targets, mapped->count, &mapped->room,
			       sizeof(*mapped->targets));
	return &mapped->targets[mapped->count++];
}

static void take_targets(struct mapped *mapped)
{
	struct target *target;
	uint64_t start, length;
	char *type, *words;
	void *next = NULL;

	do {
		next = dm_get_next_target(mapped->task, next, &start, &length, &type,
					  &words);
		if (!type)
			continue;
		target = add_target(mapped);
		target->start = start;
		target->length = length;
		target->type = type;
		target->words = words ? words : "";
	} while (next);
}

/* From a copy of a system. */
static void read_target(struct mapped *mapped, char *line, const char *kind)
{
	size_t length = strlen(kind);
	struct target *target;
	char *rest;

	if (strncmp(line, kind, length) || line[length] != ' ')
		return;
	target = add_target(mapped);
	target->start = strtoull(line + length, &rest, 10);
	target->length = strtoull(rest, &rest, 10);
	target->type = strtok_r(rest, " ", &rest);
	target->words = rest ? rest : "";
	if (!target->type)
		target->type = "";
}

static int read_copy(dev_t number, enum mapper_view view, struct mapped *mapped)
{
	static const char * const kinds[] = {
		"status", "table", "inactive-status", "inactive-table",
	};
	char path[64], text[16], *line, *rest;
	ssize_t length;

	mapped->text = need(malloc(64 * 1024));
	snprintf(path, sizeof(path), "dm/%u:%u", major(number), minor(number));
	length = system_read(path, mapped->text, 64 * 1024);
	if (length < 0) {
		snprintf(said, sizeof(said), "the copy has no file %s: its tables are not known",
			 path);
		return (int)length;
	}
	mapped->live = strstr(mapped->text, "status") == mapped->text ||
		strstr(mapped->text, "\nstatus");
	mapped->inactive = strstr(mapped->text, "inactive-");
	mapped->name = "";
	mapped->uuid = "";
	snprintf(path, sizeof(path), "sys/dev/block/%u:%u/dm/suspended", major(number),
		 minor(number));
	mapped->suspended = system_read(path, text, sizeof(text)) > 0 && text[0] == '1';
	for (line = strtok_r(mapped->text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest))
		read_target(mapped, line, kinds[view]);
	return 0;
}

/**
 * mapper_get() - ask for a device, and for one of its tables
 * @number: of the device
 * @view: which table, and what of it
 * @mapped: receives all; for mapper_put(), also after an error
 */
int mapper_get(dev_t number, enum mapper_view view, struct mapped *mapped)
{
	bool table = view == MAPPER_TABLE || view == MAPPER_INACTIVE_TABLE;
	struct dm_info info;
	int r;

	memset(mapped, 0, sizeof(*mapped));
	if (system_is_copy())
		return read_copy(number, view, mapped);

	mapped->task = new_task_on(table ? DM_DEVICE_TABLE : DM_DEVICE_STATUS, number);
	if (!mapped->task)
		return -ENODEV;
	/* Not to have a thin pool write its metadata for a question. */
	dm_task_no_flush(mapped->task);
	/* Keys are among what a table says. */
	if (table)
		dm_task_secure_data(mapped->task);
	if (view == MAPPER_INACTIVE_STATUS || view == MAPPER_INACTIVE_TABLE)
		dm_task_query_inactive_table(mapped->task);
	r = run(mapped->task);
	if (r)
		return r;
	if (!dm_task_get_info(mapped->task, &info))
		return -EIO;
	if (!info.exists)
		return -ENXIO;
	mapped->name = dm_task_get_name(mapped->task);
	mapped->uuid = dm_task_get_uuid(mapped->task);
	mapped->live = info.live_table;
	mapped->inactive = info.inactive_table;
	mapped->suspended = info.suspended;
	mapped->read_only = info.read_only;
	take_targets(mapped);
	return 0;
}

void mapper_put(struct mapped *mapped)
{
	free(mapped->targets);
	free(mapped->text);
	end(mapped->task);
	memset(mapped, 0, sizeof(*mapped));
}

bool target_is_linear(const struct target *target)
{
	return !strcmp(target->type, "linear") || !strcmp(target->type, "linear-guard");
}

/**
 * mapper_served() - who serves the linear lines of a table
 * @status: from MAPPER_STATUS or MAPPER_INACTIVE_STATUS
 *
 * The guard says so in its status, in which the stock target says nothing.
 */
enum served mapper_served(const struct mapped *status)
{
	enum served served = SERVED_NONE;
	size_t i;

	for (i = 0; i < status->count; i++)
		if (target_is_linear(&status->targets[i]))
			served |= strcmp(status->targets[i].words, "guarded") ?
				SERVED_STOCK : SERVED_GUARD;
	return served;
}

/**
 * mapper_same_table() - do two tables differ at most in who serves them
 */
bool mapper_same_table(const struct mapped *one, const struct mapped *other)
{
	size_t i;

	if (one->count != other->count)
		return false;
	for (i = 0; i < one->count; i++) {
		const struct target *a = &one->targets[i], *b = &other->targets[i];

		if (a->start != b->start || a->length != b->length ||
		    strcmp(a->words, b->words) ||
		    (strcmp(a->type, b->type) && !(target_is_linear(a) &&
						target_is_linear(b))))
			return false;
	}
	return true;
}

static int find_need(dev_t number, bool inactive, dev_t slave, bool *needs)
{
	struct dm_task *task = new_task_on(DM_DEVICE_DEPS, number);
	struct dm_deps *deps;
	unsigned int i;
	int r;

	if (task && inactive)
		dm_task_query_inactive_table(task);
	r = run(task);
	deps = r ? NULL : dm_task_get_deps(task);
	for (i = 0; deps && i < deps->count; i++)
		*needs |= deps->device[i] == slave;
	end(task);
	return r;
}

/**
 * mapper_needs() - has a table of a device opened another device
 * @number: of the device
 * @slave: of the other, which need not be there any more
 * @needs: receives the answer
 */
int mapper_needs(dev_t number, dev_t slave, bool *needs)
{
	int r;

	*needs = false;
	if (system_is_copy())
		return 0;
	r = find_need(number, false, slave, needs);
	return r ? r : find_need(number, true, slave, needs);
}

/**
 * mapper_load() - put a table into the inactive slot of a device
 * @number: of the device
 * @mapped: has the table, from MAPPER_TABLE; lines of "linear-guard" become "linear"
 */
int mapper_load(dev_t number, const struct mapped *mapped)
{
	struct dm_task *task = new_task_on(DM_DEVICE_RELOAD, number);
	const struct target *target;
	const char *type;
	size_t i;
	int r;

	if (!task)
		return -ENODEV;
	dm_task_secure_data(task);
	if (mapped->read_only)
		dm_task_set_ro(task);
	for (i = 0; i < mapped->count; i++) {
		target = &mapped->targets[i];
		type = strcmp(target->type, "linear-guard") ? target->type : "linear";
		if (!dm_task_add_target(task, target->start, target->length, type,
					target->words))
			need(NULL);
	}
	r = run(task);
	end(task);
	return r;
}

int mapper_clear(dev_t number)
{
	return run_on(DM_DEVICE_CLEAR, number);
}

/**
 * mapper_resume() - put the inactive table of a device, if any, in place of the live one
 * @number: of the device
 *
 * Not by libdevmapper, which marks the event of each resume as its own, with a cookie or
 * without: udev's rules then take the flags of that event, and forget those with which
 * LVM had told them to hide a device.  An event without the mark is one of no news to
 * them.
 */
int mapper_resume(dev_t number)
{
	struct dm_ioctl io = {
		.version = { DM_VERSION_MAJOR, 0, 0 },
		.data_size = sizeof(io),
		.data_start = sizeof(io),
		.flags = DM_SKIP_LOCKFS_FLAG,
		.dev = number,
	};
	char path[PATH_MAX];
	int fd, r = 0;

	snprintf(path, sizeof(path), "%s/%s", dm_dir(), DM_CONTROL_NODE);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (ioctl(fd, DM_DEV_SUSPEND, &io))
		r = -errno;
	close(fd);
	return r;
}

/**
 * mapper_split_lvm() - which group of LVM's a device is of
 * @name: of the device
 * @group: receives it
 * @size: of @group
 */
bool mapper_split_lvm(const char *name, char *group, size_t size)
{
	struct dm_pool *pool = need(dm_pool_create("names", 1024));
	char *vg = NULL, *lv = NULL, *layer = NULL;
	bool split;

	split = dm_split_lvm_name(pool, name, &vg, &lv, &layer) && vg && vg[0] &&
		(size_t)snprintf(group, size, "%s", vg) < size;
	dm_pool_destroy(pool);
	return split;
}
