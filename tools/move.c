// SPDX-License-Identifier: GPL-2.0-only
/*
 * dm-linear-guard adopt and release: have live devices served by the other target.
 *
 * Copyright (C) 2026 The dm-linear-guard developers
 *
 * A table keeps the target that it was loaded with.  So a device's own table is loaded
 * again, into the inactive slot, and takes the place of the live one, while the device is
 * open and in use.
 *
 * Whenever this is killed, each device has the table that it had, live: before the resume,
 * which the kernel does or does not, as the live one, and perhaps once more as the
 * inactive one, which changes nothing and which the next command takes for what it is.
 */

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "kmsg.h"
#include "lock.h"
#include "lookup.h"
#include "mapper.h"
#include "module.h"
#include "rules.h"
#include "say.h"
#include "stack.h"
#include "sysfs.h"
#include "system.h"
#include "text.h"

/**
 * struct direction - adopt or release
 * @command: which
 * @to: who serves a device afterwards
 * @from: and before
 * @served: in words
 * @done: in words
 * @stuck: why a named device cannot be moved while takeover is the other way
 */
struct direction {
	const struct command *command;
	enum served to;
	enum served from;
	const char *served;
	const char *done;
	const char *stuck;
};

static const struct direction adopting = {
	.command = &command_adopt, .to = SERVED_GUARD, .from = SERVED_STOCK,
	.served = "guarded", .done = "adopted",
	.stuck = "new linear tables are served by the stock target: use adopt --all, or write Y "
		"to /sys/module/dm_linear_guard/parameters/takeover first",
};

static const struct direction releasing = {
	.command = &command_release, .to = SERVED_STOCK, .from = SERVED_GUARD,
	.served = "served by the stock target", .done = "released",
	.stuck = "new linear tables are served by the guard: use release --all, or write N to "
		"/sys/module/dm_linear_guard/parameters/takeover first",
};

/* Interrupts are for us, between two devices. */

static volatile sig_atomic_t interrupted;

static const int signals[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };

static void interrupt(int number)
{
	interrupted = number;
}

static void catch_signals(void)
{
	/* Not restarted: what waits for a lock is to stop. */
	struct sigaction action = { .sa_handler = interrupt };
	struct sigaction old;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(signals); i++) {
		/* What nohup ignores stays so. */
		if (!sigaction(signals[i], NULL, &old) && old.sa_handler != SIG_IGN)
			sigaction(signals[i], &action, NULL);
	}
	/* Who reads what we print is not to end a move. */
	signal(SIGPIPE, SIG_IGN);
}

static void hold_signals(int how)
{
	sigset_t set;
	size_t i;

	sigemptyset(&set);
	for (i = 0; i < ARRAY_SIZE(signals); i++)
		sigaddset(&set, signals[i]);
	sigprocmask(how, &set, NULL);
}

/* One device. */

/* What came of it. */
enum moved {
	MOVED,
	MOVED_NOT,
	MOVED_NEVER,	/* there was no need */
	MOVED_GONE	/* there is no such device any more */
};

/**
 * struct moving - a device on its way
 * @direction: which way
 * @stack: where it is
 * @device: which
 * @shown: what it is called
 * @status: the device, and who serves its live table
 * @next: who serves its inactive table, if it has one
 * @table: its live table
 */
struct moving {
	const struct direction *direction;
	struct stack *stack;
	struct device *device;
	char *shown;
	struct mapped status;
	enum served next;
	struct mapped table;
};

static dev_t number_of(const struct moving *moving)
{
	return moving->device->number;
}

static enum moved stays(const struct moving *moving, const char *why)
{
	say("%s is not %s: %s", moving->shown, moving->direction->done, why);
	return MOVED_NOT;
}

static enum moved failed(const struct moving *moving, const char *what, int error)
{
	const char *reason = strerror(error);
	char *why;

	if (error == ENXIO)
		return MOVED_GONE;
	if (error == ELOOP)
		reason = "the module refuses it (ELOOP)";
	else if (error == EIO || error == ENODEV)
		reason = mapper_said();
	why = format_text("%s: %s", what, reason);
	stays(moving, why);
	free(why);
	return MOVED_NOT;
}

static int read_state(struct moving *moving)
{
	struct mapped inactive;
	int r;

	mapper_put(&moving->status);
	moving->next = SERVED_NONE;
	r = mapper_get(number_of(moving), MAPPER_STATUS, &moving->status);
	if (r || !moving->status.inactive)
		return r;
	r = mapper_get(number_of(moving), MAPPER_INACTIVE_STATUS, &inactive);
	if (!r)
		moving->next = mapper_served(&inactive);
	mapper_put(&inactive);
	return r;
}

static bool has_need(const struct moving *moving)
{
	enum served from = moving->direction->from;

	return (mapper_served(&moving->status) | moving->next) & from;
}

/* Is what is in the inactive slot the live table once more? */
static bool is_copy(const struct moving *moving, const struct mapped *live)
{
	struct mapped inactive;
	bool same;

	same = !mapper_get(number_of(moving), MAPPER_INACTIVE_TABLE, &inactive) &&
		inactive.count && mapper_same_table(&inactive, live);
	mapper_put(&inactive);
	return same;
}

/* What others have loaded meanwhile is theirs. */
static void clear_copy(const struct moving *moving)
{
	int r;

	if (!is_copy(moving, &moving->table))
		return;
	r = mapper_clear(number_of(moving));
	if (r && r != -ENXIO)
		say("%s keeps a copy of its table as the inactive one: %s", moving->shown,
		    strerror(-r));
}

/* A device can have been suspended for a table that it did not get. */
static void resume_old(struct moving *moving)
{
	int r = read_state(moving);

	if (!r && moving->status.suspended && !moving->status.inactive)
		r = mapper_resume(number_of(moving));
	if (r && r != -ENXIO)
		say("%s may be left suspended: %s", moving->shown, strerror(-r));
}

static const char other_table[] =
	"it has an inactive table: make it live by dmsetup resume, or drop it by dmsetup clear";

/* May it be moved at all?  Reads its table. */
static enum moved prepare(struct moving *moving)
{
	int r = read_state(moving);

	if (r)
		return failed(moving, "its state", -r);
	if (!has_need(moving))
		return MOVED_NEVER;
	if (moving->status.suspended)
		return stays(moving, "it is suspended: dmsetup resume it, then try again");
	if (!moving->status.live)
		return stays(moving, "it has no live table: dmsetup resume it, or clear it");
	r = mapper_get(number_of(moving), MAPPER_TABLE, &moving->table);
	if (r)
		return failed(moving, "its table", -r);
	/* A copy is what a move has left that was killed, and is replaced. */
	if (moving->status.inactive && !is_copy(moving, &moving->table))
		return stays(moving, other_table);
	return MOVED;
}

/* Is the inactive table ours, and the live one still what it was? */
static enum moved look_again(struct moving *moving)
{
	struct mapped live;
	bool same;
	int r = read_state(moving);

	if (r)
		return failed(moving, "its state", -r);
	same = !mapper_get(number_of(moving), MAPPER_TABLE, &live) &&
		mapper_same_table(&live, &moving->table);
	mapper_put(&live);
	if (!same || moving->status.suspended || !is_copy(moving, &moving->table))
		return stays(moving, "something else has changed its tables meanwhile");
	if (moving->next != moving->direction->to)
		return stays(moving, "new linear tables are now served by the other target");
	return MOVED;
}

static enum moved swap(struct moving *moving)
{
	enum moved moved;
	int r = mapper_resume(number_of(moving));

	if (r) {
		moved = failed(moving, "resume", -r);
		clear_copy(moving);
		resume_old(moving);
		return moved;
	}
	r = read_state(moving);
	if (r)
		return failed(moving, "its state", -r);
	if (mapper_served(&moving->status) != moving->direction->to)
		return stays(moving, "something else has changed its tables meanwhile");
	return MOVED;
}

static enum moved load_and_swap(struct moving *moving)
{
	enum moved moved = prepare(moving);
	int r;

	if (moved != MOVED)
		return moved;
	moving->table.read_only = moving->status.read_only;
	r = mapper_load(number_of(moving), &moving->table);
	if (r) {
		moved = failed(moving, "load", -r);
	} else {
		moved = look_again(moving);
		if (moved == MOVED)
			return swap(moving);
	}
	clear_copy(moving);
	return moved;
}

/* Under LVM's lock of its group, if it is a volume of LVM's. */
static enum moved lock_and_move(struct moving *moving)
{
	char group[256];
	enum moved moved;
	int lock = -ENOENT;

	if (!strncmp(moving->status.uuid, "LVM-", 4) &&
	    mapper_split_lvm(moving->device->name, group, sizeof(group)))
		lock = lock_group(group);
	if (lock == -EINTR)
		return stays(moving, "interrupted");
	if (lock < 0 && lock != -ENOENT)
		return failed(moving, "LVM's lock", -lock);
	hold_signals(SIG_BLOCK);
	moved = load_and_swap(moving);
	hold_signals(SIG_UNBLOCK);
	if (lock >= 0)
		lock_group_end(group, lock);
	return moved;
}

/* What it is called, which nobody may have asked yet. */
static void find_name(struct moving *moving)
{
	if (!moving->device->name && moving->status.name && moving->status.name[0])
		stack_set_name(moving->stack, moving->device, moving->status.name);
	free(moving->shown);
	moving->shown = device_shown(moving->device);
}

static enum moved move_if_needed(struct moving *moving)
{
	int r = read_state(moving);

	find_name(moving);
	if (r)
		return failed(moving, "its state", -r);
	return has_need(moving) ? lock_and_move(moving) : MOVED_NEVER;
}

static enum moved move(const struct direction *direction, struct stack *stack,
		       struct device *device)
{
	struct moving moving = { .direction = direction, .stack = stack, .device = device };
	int mark = kmsg_mark();
	enum moved moved = move_if_needed(&moving);

	if (moved == MOVED_NOT)
		kmsg_say_since(mark, device->number, device->kname);
	else if (mark >= 0)
		close(mark);
	if (moved == MOVED_GONE)
		say("%s has gone", moving.shown);
	if (moved == MOVED && isatty(STDOUT_FILENO)) {
		printf("%s: %s\n", moving.shown, direction->served);
		flush_output();
	}
	mapper_put(&moving.status);
	mapper_put(&moving.table);
	free(moving.shown);
	return moved;
}

/* All of them. */

static void set_takeover(const struct direction *direction)
{
	int r = module_set_takeover(direction->to == SERVED_GUARD);

	if (r)
		die(STATUS_FAILED, "takeover cannot be set: %s", strerror(-r));
}

static void need_takeover(const struct direction *direction)
{
	struct module module;

	module_read(&module);
	if (module.setting.takeover != (direction->to == SERVED_GUARD))
		die(STATUS_NO, "%s", direction->stuck);
}

static void take_lock(void)
{
	int r = lock_own();

	if (r < 0 && r != -EINTR)
		die(STATUS_FAILED, "/run/dm-linear-guard.lock: %s", strerror(-r));
}

static void find_all(struct stack *stack, struct path *devices)
{
	struct device *device;
	int r = sysfs_read_devices(stack);

	if (r)
		die(STATUS_FAILED, "mapped devices cannot be listed: %s", strerror(-r));
	/* What sysfs does not know of has had no table yet. */
	for (device = stack->first; device; device = device->next)
		if (device->mapped)
			path_add(devices, device);
}

static void find_named(struct stack *stack, struct path *devices, char **names)
{
	struct device *device;
	bool unknown = false;
	char *name;
	int r = lookup_mapped(stack);

	if (r)
		die(STATUS_FAILED, "mapped devices cannot be listed: %s", mapper_said());
	for (; *names; names++) {
		device = lookup_device(stack, *names, &name);
		free(name);
		if (device) {
			path_add(devices, device);
		} else {
			say("there is no mapped device \"%s\"", *names);
			unknown = true;
		}
	}
	if (unknown)
		exit(STATUS_NO_DEVICE);
}

/* What has gone was asked for if it was named. */
static int move_devices(const struct direction *direction, struct stack *stack,
			const struct path *devices, bool named)
{
	size_t counts[MOVED_GONE + 1] = { 0 };
	size_t i;

	for (i = 0; i < devices->length && !interrupted; i++)
		counts[move(direction, stack, devices->at[i])]++;
	printf("%zu device%s %s, %zu failed\n", counts[MOVED], counts[MOVED] == 1 ? "" : "s",
	       direction->done, counts[MOVED_NOT]);
	if (counts[MOVED_NOT])
		return STATUS_NO;
	return named && counts[MOVED_GONE] ? STATUS_NO_DEVICE : STATUS_FINE;
}

/* Tell who has started us that it was a signal. */
static void end_by_signal(void)
{
	say("interrupted: the same command goes on");
	flush_output();
	signal(interrupted, SIG_DFL);
	raise(interrupted);
}

static int move_all(const struct direction *direction, int argc, char **argv)
{
	static const struct option options[] = {
		{ "all", no_argument, NULL, OPTION_OWN },
		COMMON_OPTIONS,
		{ 0 }
	};
	struct path devices = { 0 };
	struct module module;
	struct stack *stack;
	bool all = false;
	int option, status;

	while ((option = getopt_long(argc, argv, COMMON_LETTERS, options, NULL)) != -1) {
		if (option == OPTION_OWN)
			all = true;
		else
			common_option(direction->command, option, optarg);
	}
	if (all == (optind < argc))
		usage_error(direction->command, "give either --all or names");
	if (system_is_copy())
		usage_error(direction->command, "a copy of a system has no live devices");
	need_root(direction->command->name);
	module_read(&module);
	if (!module.setting.loaded)
		die(STATUS_NO_MODULE, "the module is not loaded");

	catch_signals();
	take_lock();
	/* For good: what is new goes to the same, meanwhile and later. */
	if (all && !interrupted)
		set_takeover(direction);
	else if (!interrupted)
		need_takeover(direction);
	stack = stack_new();
	if (all)
		find_all(stack, &devices);
	else
		find_named(stack, &devices, argv + optind);
	status = move_devices(direction, stack, &devices, !all);
	path_free(&devices);
	stack_free(stack);
	if (interrupted)
		end_by_signal();
	return status;
}

static const char statuses[] =
	"   0  the devices are moved, or were where they are to be\n"
	"   1  a device was not moved, or takeover is set the other way\n"
	"   4  the module is not loaded\n"
	"   5  there is no such device, or not any more\n";

static int run_adopt(int argc, char **argv)
{
	return move_all(&adopting, argc, argv);
}

static int run_release(int argc, char **argv)
{
	return move_all(&releasing, argc, argv);
}

const struct command command_adopt = {
	.name = "adopt",
	.summary = "move live devices to the guard",
	.usage = "adopt NAME... | --all",
	.help =
		"      --all           all devices, and new tables too: takeover is turned on\n",
	.statuses = statuses,
	.live = true,
	.run = run_adopt,
};

const struct command command_release = {
	.name = "release",
	.summary = "move live devices back to the stock target",
	.usage = "release NAME... | --all",
	.help =
		"      --all           all devices, and new tables too: takeover is turned off\n",
	.statuses = statuses,
	.live = true,
	.run = run_release,
};
