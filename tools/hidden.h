/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is below a device, but linked by no driver: the module cannot see it.
 *
 * Copyright (C) 2026 The dm-linear-guard developers
 */
#ifndef HIDDEN_H
#define HIDDEN_H

#include "mapper.h"
#include "stack.h"

void hidden_read(struct stack *stack);

/**
 * struct snapshots - what the tables of snapshots and their origins say
 *
 * A write to an origin is a write to the COW devices of all its snapshots, which
 * device-mapper knows and links nowhere.
 */
struct snapshots {
	struct snapshot *at;
	size_t count;
	size_t room;
};

void snapshots_add(struct snapshots *snapshots, struct stack *stack,
		   struct device *device, const char *type, const char *words);
void snapshots_add_table(struct snapshots *snapshots, struct stack *stack,
			 struct device *device, const struct mapped *mapped);
void snapshots_link(struct snapshots *snapshots, struct stack *stack);

#endif /* HIDDEN_H */
