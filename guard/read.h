/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Links that the kernel has made, read from sysfs' tree.
 *
 * Copyright (C) 2026 The dm-linear-guard developers
 */
#ifndef GUARD_READ_H
#define GUARD_READ_H

#include "graph.h"

int guard_read_all(struct guard_graph *graph);
int guard_read_around(struct guard_graph *graph, struct gendisk *disk,
		      struct block_device *bdev, bool pass);
void guard_read_unlinked(struct guard_graph *graph, struct gendisk *disk,
			 struct block_device *bdev);
bool guard_read_link(struct gendisk *disk, struct block_device *bdev);

int guard_read_init(void);

#endif /* GUARD_READ_H */
