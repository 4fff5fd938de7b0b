/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which tables, links and resumes are refused, and what is said of them.
 *
 * Copyright (C) 2026 The dm-linear-guard developers
 */
#ifndef GUARD_CHECK_H
#define GUARD_CHECK_H

#include <linux/list.h>

#include "graph.h"

/* Whose loads are checked: every driver's, or our own target's alone. */
extern bool guard_scope_all;

/**
 * struct guard_use - what one guarded table does with one device
 * @bucket: in the hash table of all uses
 * @table: address of the table
 * @disk: the table's own disk
 * @bdev: the device; open until guard_check_close()
 * @was_live: the table has been resumed before
 */
struct guard_use {
	struct hlist_node bucket;
	const void *table;
	struct gendisk *disk;
	struct block_device *bdev;
	bool was_live;
};

/* For the target. */
int guard_check_open(struct dm_target *ti, const char *path,
		     struct dm_dev **dev, struct guard_use **use);
void guard_check_close(struct dm_target *ti, struct dm_dev *dev,
		       struct guard_use *use);
int guard_check_resume(struct guard_use *use);
void guard_check_resumed(struct guard_use *use);
void guard_check_suspending(struct guard_use *use);
void guard_check_suspend(struct guard_use *use);

/* For the diversion: each stands in for the function that it is named after. */
int guard_check_link(struct block_device *bdev, struct gendisk *disk);
void guard_check_unlink(struct block_device *bdev, struct gendisk *disk);
int guard_check_get(struct dm_target *ti, const char *path, guard_mode_t mode,
		    struct dm_dev **dev);
void guard_check_put(struct dm_target *ti, struct dm_dev *dev);

/* For the module. */
int guard_check_init(void);
void guard_check_exit(void);
int guard_check_watch(void);
void guard_check_unwatch(void);
void guard_check_forget(void);
void guard_check_show(struct seq_file *file);

#endif /* GUARD_CHECK_H */
