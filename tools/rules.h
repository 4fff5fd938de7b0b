/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the module and the kernel refuse, predicted: nothing here asks either.
 *
 * Copyright (C) 2026 The dm-linear-guard developers
 */
#ifndef RULES_H
#define RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stack.h"

/* The devices of a loop or stack, from the top down. */
struct path {
	struct device **at;
	size_t length;
	size_t room;
};

void path_add(struct path *path, struct device *device);
void path_free(struct path *path);

/* What can be wrong with an edge. */
enum verdict {
	VERDICT_FINE,
	VERDICT_SELF,	/* a disk would be stacked on itself */
	VERDICT_LOOP,	/* its slave is stacked on its holder already */
	VERDICT_DEEP	/* the stack would be deeper than max_depth */
};

void rules_measure(struct stack *stack);
enum verdict rules_judge(struct stack *stack, struct device *holder,
			 struct device *slave, unsigned int max_depth,
			 struct path *path);
bool rules_hidden(struct stack *stack, struct device *holder, struct device *slave,
		  struct path *path);
const struct device *rules_in_loop(struct stack *stack, const struct path *path);

typedef void (*rules_path_fn)(const struct path *path, void *data);
void rules_each_loop(struct stack *stack, rules_path_fn fn, void *data);
void rules_each_hidden(struct stack *stack, rules_path_fn fn, void *data);
void rules_each_deep(struct stack *stack, unsigned int max_depth, rules_path_fn fn,
		     void *data);

/**
 * struct setting - what decides about a load besides the table
 * @kernel: as 0x0602 is 6.2
 * @loaded: the module is
 * @takeover: the guard serves new "linear" tables
 * @scope_all: the loads of every driver are checked
 * @max_depth: how deep a stack may be
 */
struct setting {
	unsigned int kernel;
	bool loaded;
	bool takeover;
	bool scope_all;
	unsigned int max_depth;
};

/* Whose target a line of a table is. */
enum server {
	SERVER_GUARD,
	SERVER_STOCK,	/* the stock target "linear" */
	SERVER_OTHER	/* any other target */
};

enum server rules_server(const struct setting *setting, const char *target);

/* What becomes of a line of a table. */
enum outcome {
	OUTCOME_ACCEPTED,
	OUTCOME_REFUSED,
	OUTCOME_LET_THROUGH,	/* accepted, although something is wrong */
	OUTCOME_HIDDEN,		/* accepted, as nobody can see what is wrong */
	OUTCOME_UNKNOWN		/* it cannot be predicted */
};

/**
 * struct ruling - what becomes of it, and why
 * @outcome: what
 * @error: the errno of the load, if it is refused
 * @reason: what is wrong, as in the kernel's log
 * @excuse: why it is not refused all the same, or cannot be predicted; or which device
 *	    is in a loop already
 */
struct ruling {
	enum outcome outcome;
	int error;
	const char *reason;
	const char *excuse;
};

/**
 * struct opening - how a line of a table opens a device
 * @server: whose target the line is
 * @added: its disk is there: the first load of a mapped device adds it, from 5.15 on
 * @linked: another table of its disk has opened the same device
 */
struct opening {
	enum server server;
	bool added;
	bool linked;
};

struct ruling rules_ruling(const struct setting *setting, const struct opening *opening,
			   enum verdict verdict);

/* The arguments of a linear target: device and offset. */
struct ruling rules_linear(enum server server, size_t count, char *const *words,
			   uint64_t *offset);

/* What a device below has room for. */
struct area {
	uint64_t size;		/* in sectors; 0 if it has none, and nothing is checked */
	unsigned int block;	/* in bytes */
	uint64_t zone;		/* in sectors, or 0 */
	bool mapped;
};

struct ruling rules_area(enum server server, bool first, const struct area *area,
			 uint64_t start, uint64_t length);

#endif /* RULES_H */
