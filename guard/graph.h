/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The graph of block devices: which disk is stacked on which, in memory.
 *
 * Copyright (C) 2026 The dm-linear-guard developers
 */
#ifndef GUARD_GRAPH_H
#define GUARD_GRAPH_H

#include <linux/hashtable.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/types.h>

#include "shims.h"

/* Depths are not told apart beyond this; every device in a loop is this deep. */
#define GUARD_FAR 255

/**
 * struct guard_id - a disk, as a caller names it
 * @disk: address of its gendisk, which the graph compares and never follows
 * @dev: its number
 * @seq: what tells it from an earlier disk at the same address
 * @name: what the log calls it; copied when the disk gets its first edge
 * @held: the caller holds the disk, so that no other can be at its address
 * @slots: it is a mapped device, which can have an inactive table besides the
 *	   live one, so that not all that it is linked to is live
 */
struct guard_id {
	const void *disk;
	dev_t dev;
	u64 seq;
	const char *name;
	bool held;
	bool slots;
};

/**
 * struct guard_pair - a disk and a device that it is stacked on
 * @holder: the disk above
 * @slave: the disk below
 * @dev: number of the device below, a partition of @slave or @slave itself
 */
struct guard_pair {
	struct guard_id holder;
	struct guard_id slave;
	dev_t dev;
};

/* The disk itself, while somebody holds it. */
static inline struct guard_id guard_id_of(struct gendisk *disk)
{
	return (struct guard_id) {
		.disk = disk,
		.dev = disk_devt(disk),
		.seq = guard_disk_seq(disk),
		.name = disk->disk_name,
		.held = true,
		.slots = guard_is_mapped(disk),
	};
}

static inline struct guard_pair guard_pair_of(struct gendisk *disk,
					      struct block_device *bdev)
{
	return (struct guard_pair) {
		.holder = guard_id_of(disk),
		.slave = guard_id_of(bdev->bd_disk),
		.dev = bdev->bd_dev,
	};
}

/*
 * The devices of a loop or stack, from the top down; a long one is cut.  More
 * do not fit into a line of the log.
 */
#define GUARD_PATH_MAX 64

struct guard_path {
	unsigned int len;
	struct {
		dev_t dev;
		char name[DISK_NAME_LEN];
	} at[GUARD_PATH_MAX];
};

/* What can be wrong with an edge. */
enum guard_verdict {
	GUARD_FINE,
	GUARD_IS_SELF,	/* a disk would be stacked on itself */
	GUARD_IS_LOOP,	/* its slave is stacked on its holder already */
	GUARD_IS_DEEP	/* the stack would be deeper than max_depth */
};

/* What to ask about an edge, and which other edges count. */
#define GUARD_ASK_SELF	BIT(0)
#define GUARD_ASK_LOOP	BIT(1)
#define GUARD_ASK_DEPTH	BIT(2)

enum guard_edges {
	GUARD_ANY,		/* all that are in the graph */
	GUARD_PERHAPS_LIVE,	/* not those known to be of no live table */
	GUARD_LIVE		/* those known to be of a live table */
};

/**
 * struct guard_question - what to ask about an edge
 * @asks: bits of GUARD_ASK_*
 * @edges: which edges make a loop
 * @max_depth: how deep a stack may be, not counting the device at the bottom
 * @path: receives what was found, unless NULL; written only if something was
 */
struct guard_question {
	unsigned int asks;
	enum guard_edges edges;
	unsigned int max_depth;
	struct guard_path *path;
};

/* Why an edge is in the graph; it stays for as long as there is a reason. */
enum guard_reason {
	GUARD_PENDING,	/* the kernel is about to link the two */
	GUARD_LINKED,	/* the kernel has linked them; counted as it counts */
	GUARD_FOUND,	/* they were linked when nobody watched */
	GUARD_OWN,	/* a guarded table has opened the device */
	GUARD_PROMISED,	/* another's first table has, and will be linked */
	GUARD_REASONS
};

/**
 * struct guard_graph - a graph of disks
 * @lock: protects all of it.  A leaf: nothing is allocated, waited for or
 *	  locked under it, so it is held for as long as a walk in memory takes.
 * @watched: all links and unlinks since it became true are known
 * @round: number of the last walk
 * @time: how many edges were ever added
 * @promises: which tables and devices GUARD_PROMISED stands for
 * @promised: how many those are
 * @nodes: disks by address
 */
struct guard_graph {
	struct mutex lock;	/* protects the graph */
	bool watched;
	u64 round;
	u64 time;
	unsigned int promised;
	DECLARE_HASHTABLE(promises, 6);
	DECLARE_HASHTABLE(nodes, 10);
};

void guard_graph_init(struct guard_graph *graph);
void guard_graph_clear(struct guard_graph *graph);

int guard_graph_add(struct guard_graph *graph, const struct guard_pair *pair,
		    enum guard_reason reason, const struct guard_question *q,
		    bool can_refuse, gfp_t gfp, enum guard_verdict *verdict);
enum guard_verdict guard_graph_judge(struct guard_graph *graph,
				     const struct guard_pair *pair,
				     const struct guard_question *q);
bool guard_graph_has_loop(struct guard_graph *graph, struct guard_path *path);

void guard_graph_linked(struct guard_graph *graph,
			const struct guard_pair *pair, bool linked);
void guard_graph_unlinked(struct guard_graph *graph,
			  const struct guard_pair *pair);
bool guard_graph_doubts(struct guard_graph *graph,
			const struct guard_pair *pair, unsigned int *changes);
bool guard_graph_gone(struct guard_graph *graph, const struct guard_pair *pair,
		      unsigned int changes);
void guard_graph_watch(struct guard_graph *graph);
void guard_graph_forget(struct guard_graph *graph);

int guard_graph_promise(struct guard_graph *graph,
			const struct guard_pair *pair, const void *table,
			const void *dm_dev, const struct guard_question *q,
			gfp_t gfp, enum guard_verdict *verdict);
void guard_graph_withdraw(struct guard_graph *graph, const void *table,
			  const void *dm_dev);

enum guard_verdict guard_graph_resume(struct guard_graph *graph,
				      const struct guard_pair *pair,
				      const void *table,
				      const struct guard_question *q);
void guard_graph_not_resumed(struct guard_graph *graph,
			     const struct guard_pair *pair, const void *table);
void guard_graph_suspending(struct guard_graph *graph,
			    const struct guard_pair *pair, const void *table);
void guard_graph_suspend(struct guard_graph *graph,
			 const struct guard_pair *pair, const void *table);
void guard_graph_close(struct guard_graph *graph,
		       const struct guard_pair *pair, const void *table);

void guard_graph_show(struct guard_graph *graph, struct seq_file *file);

#endif /* GUARD_GRAPH_H */
