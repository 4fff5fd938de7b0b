/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The module: how it is set, what it has refused, and what is installed of it.
 *
 * Copyright (C) 2026 The dm-linear-guard developers
 */
#ifndef MODULE_H
#define MODULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "rules.h"

/* What has been refused or ended since the module was loaded. */
enum counter {
	COUNTER_SELF,
	COUNTER_LOOPS,
	COUNTER_DEPTH,
	COUNTER_RESUMES,
	COUNTER_RECURSIONS,
	COUNTER_NOT_REFUSED,
	COUNTERS
};

extern const char * const counter_names[COUNTERS];

/**
 * struct refusal - the last one
 * @there: there was one
 * @unreadable: the module's file is there, but does not say
 * @seconds: when, by CLOCK_BOOTTIME
 * @kind: "self", "loop" or "depth"
 * @number: of the device whose table, link or resume it was; or 0
 * @text: what the kernel's log says
 */
struct refusal {
	bool there;
	bool unreadable;
	uint64_t seconds;
	char kind[8];
	dev_t number;
	char text[1024];
};

/**
 * struct module - as it is loaded
 * @version: of it
 * @users: tables, and loads that are under way
 * @setting: what decides about loads; the defaults, if it is not loaded
 * @divert: the kernel's functions are diverted
 * @counters: what it has counted
 */
struct module {
	char version[32];
	long users;
	struct setting setting;
	bool divert;
	long counters[COUNTERS];
};

extern const char refusal_unreadable[];

void module_read(struct module *module);
bool module_read_refusal(struct refusal *refusal);
uint64_t refusal_age(const struct refusal *refusal);
char *refusal_when(const struct refusal *refusal);
int module_set_takeover(bool takeover);
char *module_scope_reason(const struct module *module);

/* An installed kernel, and the version of the module that it would load, or NULL. */
struct installed {
	char *release;
	char *version;
	bool running;
};

/**
 * struct installation - all installed kernels
 * @known: whether they have the module can be told
 * @at: the running one first, and the others by name
 * @count: of these
 */
struct installation {
	bool known;
	struct installed *at;
	size_t count;
	size_t room;
};

void module_read_installed(struct installation *installation);
void installation_free(struct installation *installation);

#endif /* MODULE_H */
