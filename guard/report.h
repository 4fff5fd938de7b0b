/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How refusals become known: log, counters, last_refusal, uevents.
 *
 * Copyright (C) 2026 The dm-linear-guard developers
 */
#ifndef GUARD_REPORT_H
#define GUARD_REPORT_H

#include <linux/atomic.h>

#include "graph.h"

/* What has been refused or ended since the module was loaded. */
enum guard_event {
	GUARD_REFUSED_SELF,
	GUARD_REFUSED_LOOP,
	GUARD_REFUSED_DEPTH,
	GUARD_REFUSED_RESUME,
	GUARD_ENDED_RECURSION,
	GUARD_UNREFUSED,
	GUARD_EVENTS
};

extern atomic_t guard_events[GUARD_EVENTS];

static inline void guard_count(enum guard_event event)
{
	atomic_inc(&guard_events[event]);
}

/* What was refused, and with what consequence. */
enum guard_refused {
	GUARD_REFUSED_LOAD,
	GUARD_NOT_RESUMED,
	GUARD_NOT_REFUSED	/* by a driver that ignores the error */
};

/**
 * struct guard_refusal - a verdict other than GUARD_FINE, and on what
 * @refused: what was refused
 * @verdict: what is wrong
 * @disk: the disk whose table, link or resume was checked
 * @path: what was found, or NULL if there was no memory for it
 * @max_depth: what was asked for
 */
struct guard_refusal {
	enum guard_refused refused;
	enum guard_verdict verdict;
	struct gendisk *disk;
	const struct guard_path *path;
	unsigned int max_depth;
};

void guard_report(const struct guard_refusal *refusal);
void guard_report_existing_loop(const struct guard_path *path);
void guard_report_exit(void);

#endif /* GUARD_REPORT_H */
