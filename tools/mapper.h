/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mapped devices as device-mapper shows and changes them.
 *
 * Copyright (C) 2026 The dm-linear-guard developers
 *
 * Devices are always named by their numbers, as any byte can be in a name.
 */
#ifndef MAPPER_H
#define MAPPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct dm_task;

/* Which of a device's tables, and what of it. */
enum mapper_view {
	MAPPER_STATUS,
	MAPPER_TABLE,
	MAPPER_INACTIVE_STATUS,
	MAPPER_INACTIVE_TABLE
};

/* A line of a table. */
struct target {
	uint64_t start;
	uint64_t length;
	const char *type;
	const char *words;	/* parameters, or status */
};

/**
 * struct mapped - a mapped device, and one of its tables
 * @name: in the kernel
 * @uuid: or ""
 * @live: it has a live table
 * @inactive: it has an inactive one
 * @suspended: it is
 * @read_only: it is
 * @targets: the lines of the table that was asked for
 * @count: of these
 *
 * Strings belong to @task, or to @text.
 */
struct mapped {
	const char *name;
	const char *uuid;
	bool live;
	bool inactive;
	bool suspended;
	bool read_only;
	struct target *targets;
	size_t count;
	size_t room;
	struct dm_task *task;
	char *text;
};

/* Who serves the linear lines of a table. */
enum served {
	SERVED_NONE = 0,	/* it has none */
	SERVED_GUARD = 1,
	SERVED_STOCK = 2,
	SERVED_BOTH = 3
};

bool target_is_linear(const struct target *target);
enum served mapper_served(const struct mapped *status);
bool mapper_same_table(const struct mapped *one, const struct mapped *other);

void mapper_init(void);

/*
 * All return 0 or a negative errno: -ENXIO if there is no such device, -ENODEV if there
 * is no device-mapper.
 */
typedef void (*mapper_name_fn)(dev_t number, const char *name, void *data);
int mapper_each(mapper_name_fn fn, void *data);
int mapper_get(dev_t number, enum mapper_view view, struct mapped *mapped);
void mapper_put(struct mapped *mapped);
int mapper_needs(dev_t number, dev_t slave, bool *needs);
int mapper_load(dev_t number, const struct mapped *mapped);
int mapper_clear(dev_t number);
int mapper_resume(dev_t number);
bool mapper_split_lvm(const char *name, char *group, size_t size);

/* Of the last error. */
const char *mapper_said(void);

#endif /* MAPPER_H */
