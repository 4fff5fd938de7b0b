/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Block devices, and which is stacked on which, in memory.
 *
 * Copyright (C) 2026 The dm-linear-guard developers
 */
#ifndef STACK_H
#define STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Depths are not told apart beyond this; every device in a loop is this deep. */
#define STACK_FAR 255

/* The two directions that an edge can be looked at from. */
enum way {
	WAY_DOWN,	/* towards what a disk is stacked on */
	WAY_UP		/* towards what is stacked on it */
};

/* How one device comes to be below another. */
enum edge_kind {
	EDGE_LINK,	/* a driver has linked the two: the module sees it */
	EDGE_FILE,	/* the file of a loop device is there */
	EDGE_BACKING,	/* zram writes to it what is idle */
	EDGE_SWAP,	/* what is in memory is swapped out to it */
	EDGE_COW	/* a snapshot of the same origin keeps there what is overwritten */
};

/**
 * struct edge - a disk and a device that it is stacked on
 * @next: in the lists of the holder (down) and of the slave's disk (up)
 * @holder: the disk above
 * @slave: the device below, which may be a partition
 * @kind: how
 */
struct edge {
	struct edge *next[2];
	struct device *holder;
	struct device *slave;
	enum edge_kind kind;
};

/**
 * struct device - a disk or a partition
 * @next: in the list of all
 * @disk: itself, or the disk that it is a partition of
 * @edges: of a disk, to slaves and from holders, in the order in which they were added
 * @last: of these
 * @number: or 0 for one that is not there yet, or not any more
 * @kname: what the kernel calls it
 * @name: what people call it, if it is a mapped device; as bytes
 * @uuid: of a mapped device, or NULL
 * @mapped: it is a mapped device
 * @unborn: it has never had a table, so that nobody can open it yet
 * @gone: others are still stacked on it, but it is not there
 * @depth: edges that the module sees on the longest way down and up, at most STACK_FAR
 * @data: what the program knows of it
 *
 * The rest is for the walks of rules.c.
 */
struct device {
	struct device *next;
	struct device *disk;
	struct edge *edges[2];
	struct edge *last[2];
	dev_t number;
	const char *kname;
	const char *name;
	const char *uuid;
	bool mapped;
	bool unborn;
	bool gone;
	unsigned int depth[2];
	void *data;

	unsigned int left;
	unsigned int round;
	unsigned int reach;
	bool queued;
	struct device *via;
	unsigned int index;
	unsigned int low;
	unsigned int loop;
	struct edge *at;
};

struct dm_hash_table;
struct dm_pool;

/**
 * struct stack - all devices
 * @pool: has the devices and edges, and their names
 * @numbers: devices by number
 * @knames: devices by kname
 * @names: mapped devices by each way to write their name
 * @first: of all
 * @last: where the next one goes
 * @count: of all
 * @round: the last walk of rules.c
 */
struct stack {
	struct dm_pool *pool;
	struct dm_hash_table *numbers;
	struct dm_hash_table *knames;
	struct dm_hash_table *names;
	struct device *first;
	struct device **last;
	size_t count;
	unsigned int round;
};

struct stack *stack_new(void);
void stack_free(struct stack *stack);
void stack_sort(struct stack *stack);
void stack_sort_devices(struct device **devices, size_t count);
void stack_forget(struct stack *stack);

struct device *stack_add(struct stack *stack, dev_t number, const char *kname);
struct edge *stack_link(struct stack *stack, struct device *holder,
			struct device *slave, enum edge_kind kind);
void stack_set_name(struct stack *stack, struct device *device, const char *raw);

struct device *stack_by_number(const struct stack *stack, dev_t number);
struct device *stack_by_kname(const struct stack *stack, const char *kname);
struct device *stack_by_name(const struct stack *stack, const char *name);

char *device_shown(const struct device *device);

#endif /* STACK_H */
