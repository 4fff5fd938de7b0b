/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The commands of dm-linear-guard, and what their exit status means.
 *
 * Copyright (C) 2026 The dm-linear-guard developers
 */
#ifndef COMMAND_H
#define COMMAND_H

#include <stdbool.h>

/* The help of each command and the man page have the same list. */
enum status {
	STATUS_FINE = 0,
	STATUS_NO = 1,		/* refused; not moved; there is a loop */
	STATUS_USAGE = 2,
	STATUS_NOT_ROOT = 3,
	STATUS_NO_MODULE = 4,
	STATUS_NO_DEVICE = 5,
	STATUS_LET_THROUGH = 6,	/* accepted, although it is a loop or too deep */
	STATUS_FAILED = 7,
	STATUS_UNGUARDED = 8,	/* not everything is guarded */
	STATUS_HIDDEN = 9,	/* there is a loop that the module cannot see */
	STATUS_OUTDATED = 10,	/* the module is not the installed one, or not for all kernels */
	STATUS_UNKNOWN = 11,	/* this command does not know enough to tell */
};

/**
 * struct command - one of them
 * @name: on the command line
 * @summary: what it does, in the list of all
 * @usage: how it is called
 * @help: its options, for its own --help
 * @statuses: what its exit status means, but for what all have in common
 * @live: it changes devices, so that no copy of a system will do
 * @run: gets its name as argv[0]; returns an enum status
 */
struct command {
	const char *name;
	const char *summary;
	const char *usage;
	const char *help;
	const char *statuses;
	bool live;
	int (*run)(int argc, char **argv);
};

extern const struct command command_status;
extern const struct command command_check;
extern const struct command command_adopt;
extern const struct command command_release;
extern const struct command command_why;

/* Options that every command has, also before it, as getopt_long() returns them. */
enum {
	OPTION_HELP = 256,
	OPTION_SYSROOT,
	OPTION_OWN,		/* the first of a command's own without a letter */
};

#define COMMON_OPTIONS						\
	{ "help", no_argument, NULL, OPTION_HELP },		\
	{ "sysroot", required_argument, NULL, OPTION_SYSROOT },	\
	{ "version", no_argument, NULL, 'V' }
#define COMMON_LETTERS "hV"

void common_option(const struct command *command, int option, const char *argument);
__attribute__((noreturn, format(printf, 2, 3)))
void usage_error(const struct command *command, const char *format, ...);

#endif /* COMMAND_H */
