// SPDX-License-Identifier: GPL-2.0-only
/*
 * Functions of the kernel, diverted by the means that livepatch uses.
 *
 * Copyright (C) 2026 The dm-linear-guard developers
 *
 * bd_link_disk_holder() and bd_unlink_disk_holder() are where dm, md, bcache and
 * drbd say what they are stacked on.  dm_get_device() and dm_put_device() are
 * where the targets of a mapped device say so that is not added yet.
 */

#include <linux/blkdev.h>
#include <linux/delay.h>
#include <linux/device-mapper.h>
#include <linux/errno.h>
#include <linux/ftrace.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

#include "check.h"
#include "divert.h"

#define DM_MSG_PREFIX "linear-guard"

#ifdef GUARD_CAN_DIVERT
struct guard_diversion {
	struct ftrace_ops ops;
	unsigned long from;
	unsigned long to;
};

/*
 * Called on entry of a diverted function, where nothing may sleep or loop.  Our
 * own calls go through: those of the functions that stand in for it.  (Each does
 * something after the call, so that it is called, and not jumped to.)
 */
static void notrace guard_divert(unsigned long ip, unsigned long parent_ip,
				 struct ftrace_ops *ops,
				 struct ftrace_regs *regs)
{
	struct guard_diversion *d = container_of(ops, struct guard_diversion,
						 ops);

	if (!within_module(parent_ip, THIS_MODULE))
		guard_continue_at(regs, d->to);
}

/* For a function that nobody else calls. */
static void notrace guard_divert_own(unsigned long ip, unsigned long parent_ip,
				     struct ftrace_ops *ops,
				     struct ftrace_regs *regs)
{
	guard_continue_at(regs, container_of(ops, struct guard_diversion, ops)->to);
}

#define GUARD_DIVERSION(callback, a, b) {				\
	.ops = {							\
		.func = callback,					\
		.flags = GUARD_DIVERT_FLAGS,				\
	},								\
	.from = (unsigned long)(a),					\
	.to = (unsigned long)(b),					\
}

/*
 * In this order: what is counted up is counted down.  An unlink of what nobody
 * has seen linked is no harm.
 */
static struct guard_diversion guard_diversions[] = {
	GUARD_DIVERSION(guard_divert, bd_unlink_disk_holder, guard_check_unlink),
	GUARD_DIVERSION(guard_divert, dm_put_device, guard_check_put),
	GUARD_DIVERSION(guard_divert, bd_link_disk_holder, guard_check_link),
	GUARD_DIVERSION(guard_divert, dm_get_device, guard_check_get),
};

static noinline bool guard_is_not_diverted(void)
{
	return false;
}

static noinline bool guard_is_diverted(void)
{
	return true;
}

static struct guard_diversion guard_probe =
	GUARD_DIVERSION(guard_divert_own, guard_is_not_diverted,
			guard_is_diverted);

/* To forget an address takes memory, and the module may be about to go. */
static int guard_forget_address(struct guard_diversion *d)
{
	int r;

	while ((r = ftrace_set_filter_ip(&d->ops, d->from, 1, 0)) == -ENOMEM)
		usleep_range(10000, 20000);
	return r;
}

static int guard_start_one(struct guard_diversion *d)
{
	int r = ftrace_set_filter_ip(&d->ops, d->from, 0, 0);

	if (r)
		return r;
	r = register_ftrace_function(&d->ops);
	if (r)
		guard_forget_address(d);
	return r;
}

/*
 * After a fault of its own, ftrace changes no call any more (ftrace_kill()), and
 * those that come here go on to come.  So the module has to stay: it cannot be
 * unloaded, or, if that has begun, the task that does so sleeps for good.  If the
 * fault comes while the function is unregistered, only what is done next says so.
 */
static void guard_stop_one(struct guard_diversion *d)
{
	int r = unregister_ftrace_function(&d->ops) ?: guard_forget_address(d);

	if (!r)
		return;
	DMCRIT("ftrace does not end the diversion, and the module has to stay: %d", r);
	while (!try_module_get(THIS_MODULE))
		schedule_timeout_idle(MAX_SCHEDULE_TIMEOUT);
}

/*
 * On some kernels all of this can be built and asked for, and changes nothing: see
 * a call arrive, once, before anybody relies on it.
 */
static int guard_prove_diversion(void)
{
	bool (*probe)(void) = guard_is_not_diverted;
	static bool proven;
	int r;

	if (proven)
		return 0;
	r = guard_start_one(&guard_probe);
	if (r)
		return r;
	/* The compiler is not to know which one that is. */
	OPTIMIZER_HIDE_VAR(probe);
	proven = probe();
	guard_stop_one(&guard_probe);
	return proven ? 0 : -EOPNOTSUPP;
}

static void guard_stop_first(size_t n)
{
	guard_check_unwatch();
	while (n--)
		guard_stop_one(&guard_diversions[n]);
	/* Those on their way in, then those inside, then those on the way out. */
	synchronize_rcu_tasks();
	guard_check_forget();
	synchronize_rcu_tasks();
}

/**
 * guard_divert_start() - have every driver's links watched
 *
 * What was linked before is read from sysfs.  A link that another task was in
 * the middle of making, asleep, when the diversion began can be missed until its
 * device is opened again or unlinked; one that was being taken back can stay
 * until the two are linked and unlinked again, or another disk is met at the
 * holder's address.
 *
 * Context: task that loads the module or changes its parameters; sleeps, as
 * guard_check_watch().
 * Return: 0; -EOPNOTSUPP if the kernel cannot; -EBUSY if livepatch or the like
 * has diverted a function already or ftrace is switched off; what else ftrace or
 * guard_check_watch() says.
 */
int guard_divert_start(void)
{
	int r = guard_prove_diversion();
	size_t n;

	if (r)
		return r;
	for (n = 0; n < ARRAY_SIZE(guard_diversions); n++) {
		r = guard_start_one(&guard_diversions[n]);
		if (r)
			break;
	}
	if (!r) {
		/* Those that were called before, unless they sleep. */
		synchronize_rcu_tasks();
		r = guard_check_watch();
	}
	if (r)
		guard_stop_first(n);
	return r;
}

/**
 * guard_divert_stop() - leave the kernel as it was
 *
 * Context: as guard_divert_start(); sleeps until no diverted call is left.
 */
void guard_divert_stop(void)
{
	guard_stop_first(ARRAY_SIZE(guard_diversions));
}
#else
int guard_divert_start(void)
{
	return -EOPNOTSUPP;
}

void guard_divert_stop(void)
{
}
#endif

/**
 * guard_divert_why_not() - put an error of guard_divert_start() into words
 * @r: the error
 */
const char *guard_divert_why_not(int r)
{
	switch (r) {
	case -EOPNOTSUPP:
		return "this kernel's ftrace cannot divert calls";
	case -EBUSY:
		return "ftrace is off, or others divert (livepatch?)";
	case -EINTR:
	case -ENOMEM:
		return "links were not read";
	default:
		return "ftrace refuses to divert calls";
	}
}
