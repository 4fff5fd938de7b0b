/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests in C share: random numbers that a seed repeats, and tasks of
 * libdevmapper that say nothing, wait for nobody and return an errno.
 */
#ifndef DLG_TESTS_DM_H
#define DLG_TESTS_DM_H

#include <errno.h>
#include <libdevmapper.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PARAMETERS "/sys/module/dm_linear_guard/parameters/"

static uint64_t random_state;

static void seed_random(unsigned long seed)
{
	random_state = seed * 2 + 1;
}

/* A random number from 0 to n - 1; xorshift64*. */
static unsigned int below(unsigned int n)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (random_state * 0x2545f4914f6cdd1dULL >> 33) % n;
}

static void dm_is_silent(int level, const char *file, int line, int dm_errno,
			 const char *format, ...)
{
}

static void start_libdevmapper(void)
{
	dm_log_with_errno_init(dm_is_silent);
	dm_udev_set_sync_support(0);
}

static struct dm_task *new_task(int type, const char *name)
{
	struct dm_task *task = dm_task_create(type);

	if (!task || !dm_task_set_name(task, name)) {
		fprintf(stderr, "libdevmapper has no task\n");
		exit(2);
	}
	dm_task_no_open_count(task);
	if (type == DM_DEVICE_SUSPEND) {
		dm_task_no_flush(task);
		dm_task_skip_lockfs(task);
	}
	return task;
}

/* Run a task and forget it; 0 or an errno. */
static int run_task(struct dm_task *task, struct dm_info *info)
{
	int r = 0;

	if (!dm_task_run(task))
		r = dm_task_get_errno(task) ?: EIO;
	else if (info && !dm_task_get_info(task, info))
		r = EIO;
	dm_task_destroy(task);
	return r;
}

/* The text of a parameter of the module, without its newline. */
static void read_parameter(const char *name, char *text, int size)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s%s",
		 getenv("DM_LINEAR_GUARD_PARAMETERS") ?: PARAMETERS, name);
	file = fopen(path, "r");
	if (!file || !fgets(text, size, file)) {
		perror(path);
		exit(2);
	}
	fclose(file);
	text[strcspn(text, "\n")] = '\0';
}

#endif
