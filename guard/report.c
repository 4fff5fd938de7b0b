// SPDX-License-Identifier: GPL-2.0-only
/*
 * How refusals become known: log, counters, last_refusal, uevents.
 *
 * Copyright (C) 2026 The dm-linear-guard developers
 *
 * A refusal is reported where I/O can wait for us: a suspended device, or a lock
 * that I/O takes.  So memory is allocated without I/O.  A worker sends the uevents,
 * whose lock can be held by a task that waits for I/O.
 */

#include <linux/device.h>
#include <linux/device-mapper.h>
#include <linux/kobject.h>
#include <linux/llist.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/ratelimit.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>

#include "report.h"

#define DM_MSG_PREFIX "linear-guard"

atomic_t guard_events[GUARD_EVENTS];

/* What is wrong, in a word, for last_refusal and uevents. */
static const char *const guard_kinds[] = {
	[GUARD_IS_SELF] = "self",
	[GUARD_IS_LOOP] = "loop",
	[GUARD_IS_DEEP] = "depth",
};

/* A line for the kernel's log, which would cut it at about this length. */
struct guard_line {
	size_t len;
	char text[900];
};

static __printf(2, 3) void guard_put(struct guard_line *line, const char *fmt,
				     ...)
{
	va_list args;

	va_start(args, fmt);
	line->len += vscnprintf(line->text + line->len,
				sizeof(line->text) - line->len, fmt, args);
	va_end(args);
}

/*
 * A device as people know it: "home (dm-3)", "md0", "sda".  Whoever names it may
 * not write a line of the log: what is not printable is escaped.
 *
 * The name of a mapped device is copied under a lock of device-mapper's that is
 * held to find or to change one, without I/O and without memory from a user.
 */
static void guard_put_name(struct guard_line *line, dev_t dev, const char *name)
{
	struct mapped_device *md = NULL;
	char *dm_name;

	if (strstarts(name, "dm-"))
		md = dm_get_md(dev);
	dm_name = kmalloc(DM_NAME_LEN, GFP_NOIO);
	if (md && dm_name && !dm_copy_name_and_uuid(md, dm_name, NULL))
		guard_put(line, "%*pE (%s)", (int)strlen(dm_name), dm_name, name);
	else
		guard_put(line, "%*pE", (int)strlen(name), name);
	kfree(dm_name);
	if (md)
		dm_put(md);
}

static void guard_put_refusal(struct guard_line *line,
			      const struct guard_refusal *refusal)
{
	static const char *const what[] = {
		[GUARD_REFUSED_LOAD] = "refusing",
		[GUARD_NOT_RESUMED] = "not resuming",
		[GUARD_NOT_REFUSED] = "cannot refuse",
	};
	const struct guard_path *path = refusal->path;
	unsigned int i;

	guard_put(line, "%s ", what[refusal->refused]);
	guard_put_name(line, disk_devt(refusal->disk), refusal->disk->disk_name);
	if (refusal->verdict == GUARD_IS_DEEP)
		guard_put(line, ": stack deeper than %u", refusal->max_depth);
	else
		guard_put(line, ": loop");
	for (i = 0; path && i < path->len; i++) {
		guard_put(line, i ? " -> " : " ");
		guard_put_name(line, path->at[i].dev, path->at[i].name);
	}
}

/* The last refusal, for who asks later. */
static struct {
	time64_t seconds;
	enum guard_verdict verdict;
	dev_t dev;
	struct guard_line *line;	/* NULL if there was no memory */
} guard_last;
static DEFINE_SPINLOCK(guard_last_lock);

/* Takes the line. */
static void guard_remember(const struct guard_refusal *refusal,
			   struct guard_line *line)
{
	spin_lock(&guard_last_lock);
	guard_last.seconds = ktime_get_boottime_seconds();
	guard_last.verdict = refusal->verdict;
	guard_last.dev = disk_devt(refusal->disk);
	swap(guard_last.line, line);
	spin_unlock(&guard_last_lock);
	kfree(line);
}

/*
 * One line, which is empty if nothing was refused: seconds since boot
 * (CLOCK_BOOTTIME), kind, major:minor of the device, what the log said.
 */
static int guard_get_last_refusal(char *buffer, const struct kernel_param *kp)
{
	int len = 0;

	spin_lock(&guard_last_lock);
	if (guard_last.verdict != GUARD_FINE)
		len = scnprintf(buffer, PAGE_SIZE - 1, "%lld %s %u:%u %s",
				(long long)guard_last.seconds,
				guard_kinds[guard_last.verdict],
				MAJOR(guard_last.dev), MINOR(guard_last.dev),
				guard_last.line ? guard_last.line->text : "");
	spin_unlock(&guard_last_lock);
	buffer[len++] = '\n';
	buffer[len] = '\0';
	return len;
}

/*
 * A uevent that is to be sent: the disk's, or if that is not in sysfs, the module's.
 *
 * The driver of a disk that we hold cannot be unloaded, nor is the path from the
 * device up freed, whoever deletes the disk meanwhile.
 *
 * @list: in guard_notices
 * @verdict: what is wrong
 * @number: of the disk
 * @device: the disk's, or NULL
 * @parent: of the device
 * @owner: its driver
 */
struct guard_notice {
	struct llist_node list;
	enum guard_verdict verdict;
	dev_t number;
	struct device *device;
	struct kobject *parent;
	struct module *owner;
};

static LLIST_HEAD(guard_notices);

static void guard_send_uevent(const struct guard_notice *notice)
{
	struct kobject *kobj = &THIS_MODULE->mkobj.kobj;
	char kind[32], which[48];
	char *env[3] = { kind, which };

	if (notice->device && device_is_registered(notice->device))
		kobj = &notice->device->kobj;
	scnprintf(kind, sizeof(kind), "DM_LINEAR_GUARD=%s",
		  guard_kinds[notice->verdict]);
	scnprintf(which, sizeof(which), "DM_LINEAR_GUARD_DEVICE=%u:%u",
		  MAJOR(notice->number), MINOR(notice->number));
	kobject_uevent_env(kobj, KOBJ_CHANGE, env);
}

static void guard_send_notices(struct work_struct *unused)
{
	struct guard_notice *notice, *next;
	unsigned int noio = memalloc_noio_save();

	llist_for_each_entry_safe(notice, next,
				  llist_reverse_order(llist_del_all(&guard_notices)),
				  list) {
		guard_send_uevent(notice);
		if (notice->device) {
			kobject_put(notice->parent);
			put_device(notice->device);
			module_put(notice->owner);
		}
		kfree(notice);
	}
	memalloc_noio_restore(noio);
}

static DECLARE_WORK(guard_notices_work, guard_send_notices);

static void guard_notify(const struct guard_refusal *refusal)
{
	struct device *device = disk_to_dev(refusal->disk);
	struct module *owner = refusal->disk->fops->owner;
	struct guard_notice *notice = kzalloc_obj(*notice, GFP_NOIO);

	/* The log, the counter and last_refusal have it, if nothing else. */
	if (!notice)
		return;
	notice->verdict = refusal->verdict;
	notice->number = disk_devt(refusal->disk);
	if (device_is_registered(device) && try_module_get(owner)) {
		notice->owner = owner;
		notice->device = get_device(device);
		notice->parent = kobject_get(device->kobj.parent);
	}
	llist_add(&notice->list, &guard_notices);
	schedule_work(&guard_notices_work);
}

static void guard_count_refusal(const struct guard_refusal *refusal)
{
	static const enum guard_event events[] = {
		[GUARD_IS_SELF] = GUARD_REFUSED_SELF,
		[GUARD_IS_LOOP] = GUARD_REFUSED_LOOP,
		[GUARD_IS_DEEP] = GUARD_REFUSED_DEPTH,
	};

	switch (refusal->refused) {
	case GUARD_REFUSED_LOAD:
		guard_count(events[refusal->verdict]);
		break;
	case GUARD_NOT_RESUMED:
		guard_count(GUARD_REFUSED_RESUME);
		break;
	case GUARD_NOT_REFUSED:
		guard_count(GUARD_UNREFUSED);
		break;
	}
}

/**
 * guard_report() - count and tell what was refused, or could not be
 * @refusal: what
 *
 * The log's line is rate-limited; nothing else is.
 *
 * Context: process context; sleeps for memory without I/O and for dm's lock of
 * names.
 */
void guard_report(const struct guard_refusal *refusal)
{
	struct guard_line *line = kzalloc_obj(*line, GFP_NOIO);

	guard_count_refusal(refusal);
	if (line) {
		guard_put_refusal(line, refusal);
		if (refusal->refused == GUARD_NOT_REFUSED)
			pr_crit_ratelimited(DM_FMT("%s"), line->text);
		else
			DMERR_LIMIT("%s", line->text);
	}
	guard_remember(refusal, line);
	guard_notify(refusal);
}

/**
 * guard_report_existing_loop() - tell of a loop that was there before the module
 * @path: the loop
 *
 * Context: process context; sleeps for memory.
 */
void guard_report_existing_loop(const struct guard_path *path)
{
	struct guard_line *line = kzalloc_obj(*line, GFP_KERNEL);

	if (!line)
		return;
	guard_put_name(line, path->at[0].dev, path->at[0].name);
	DMWARN("%s is part of a loop already", line->text);
	kfree(line);
}

/**
 * guard_report_exit() - when nothing is refused any more
 *
 * Context: sleeps until the last uevent is sent.
 */
void guard_report_exit(void)
{
	struct guard_line *line;

	flush_work(&guard_notices_work);
	/* last_refusal can be read for a while yet. */
	spin_lock(&guard_last_lock);
	line = guard_last.line;
	guard_last.line = NULL;
	guard_last.verdict = GUARD_FINE;
	spin_unlock(&guard_last_lock);
	kfree(line);
}

/* Parameters that are read only.  On the command line, they could be set. */

static int guard_refuse_value(const char *val, const struct kernel_param *kp)
{
	return -EPERM;
}

static int guard_get_count(char *buffer, const struct kernel_param *kp)
{
	const atomic_t *count = kp->arg;

	return sprintf(buffer, "%d\n", atomic_read(count));
}

static const struct kernel_param_ops guard_count_ops = {
	.set = guard_refuse_value,
	.get = guard_get_count,
};

module_param_cb(self_refused, &guard_count_ops,
		&guard_events[GUARD_REFUSED_SELF], 0444);
MODULE_PARM_DESC(self_refused, "Loads of a device onto itself that were refused");
module_param_cb(loops_refused, &guard_count_ops,
		&guard_events[GUARD_REFUSED_LOOP], 0444);
MODULE_PARM_DESC(loops_refused, "Loads that would have closed a longer loop, refused");
module_param_cb(depth_refused, &guard_count_ops,
		&guard_events[GUARD_REFUSED_DEPTH], 0444);
MODULE_PARM_DESC(depth_refused, "Loads that would have made a stack too deep, refused");
module_param_cb(resumes_refused, &guard_count_ops,
		&guard_events[GUARD_REFUSED_RESUME], 0444);
MODULE_PARM_DESC(resumes_refused, "Resumes of devices in a loop that were refused");
module_param_cb(recursions_ended, &guard_count_ops,
		&guard_events[GUARD_ENDED_RECURSION], 0444);
MODULE_PARM_DESC(recursions_ended, "Recursive calls stopped before a stack overflow");
module_param_cb(not_refused, &guard_count_ops,
		&guard_events[GUARD_UNREFUSED], 0444);
MODULE_PARM_DESC(not_refused, "Loops and stacks of drivers that cannot be refused");

static const struct kernel_param_ops guard_last_refusal_ops = {
	.set = guard_refuse_value,
	.get = guard_get_last_refusal,
};

module_param_cb(last_refusal, &guard_last_refusal_ops, NULL, 0444);
__MODULE_PARM_TYPE(last_refusal, "charp");
MODULE_PARM_DESC(last_refusal, "When (seconds since boot), of which kind, on which device, and why");
