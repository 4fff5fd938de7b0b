// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which tables, links and resumes are refused, and what is said of them.
 *
 * Copyright (C) 2026 The dm-linear-guard developers
 */

#include <linux/delay.h>
#include <linux/device-mapper.h>
#include <linux/hashtable.h>
#include <linux/moduleparam.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/srcu.h>
#include <linux/string.h>

#include "check.h"
#include "read.h"
#include "report.h"

#define DM_MSG_PREFIX "linear-guard"

/*
 * The longest stack of devices that a table may become a part of.  I/O that ends goes
 * up the stack, by calls within calls.  The kernel's own stack overflows beyond 100
 * devices on x86-64's 5.10, beyond 200 later, and beyond 63 on arm64.  The most that
 * can be set leaves a quarter of it.
 */
#define GUARD_MIN_DEPTH 1
#ifdef CONFIG_X86_64
#define GUARD_MAX_DEPTH 64
#else
#define GUARD_MAX_DEPTH 48
#endif
static unsigned int guard_max_depth = 32;

static int guard_set_max_depth(const char *val, const struct kernel_param *kp)
{
	unsigned int depth;
	int r = kstrtouint(val, 0, &depth);

	if (r)
		return r;
	if (depth < GUARD_MIN_DEPTH || depth > GUARD_MAX_DEPTH)
		return -ERANGE;
	WRITE_ONCE(guard_max_depth, depth);
	return 0;
}

static const struct kernel_param_ops guard_max_depth_ops = {
	.set = guard_set_max_depth,
	.get = param_get_uint,
};

module_param_cb(max_depth, &guard_max_depth_ops, &guard_max_depth, 0644);
__MODULE_PARM_TYPE(max_depth, "uint");
MODULE_PARM_DESC(max_depth, "How many devices may be stacked on one another, 1 to "
		 __stringify(GUARD_MAX_DEPTH) " (default: 32)");

bool guard_scope_all = true;

/*
 * All links, while they are watched; always the devices that guarded tables have
 * opened.
 */
static struct guard_graph guard_graph;

/* The graph has all links, and each new one is judged before it is made. */
static bool guard_watching;

/*
 * Read-side: calls that judge or change the graph.  A reader can take as long as
 * a disk takes to be opened; only who changes parameters or unloads the module
 * waits for that.
 */
static struct srcu_struct guard_calls;

/* What a device is being checked for. */
enum guard_stage {
	GUARD_RECORD,	/* nothing: its link is only noted down */
	GUARD_LOAD,	/* a table, which can be refused as a whole */
	GUARD_LATE,	/* a first load that nobody saw before its disk was added */
	GUARD_IGNORED,	/* a link by a driver that ignores the error */
	GUARD_RESUME,	/* the first resume of a table */
	GUARD_AGAIN	/* another resume of a table that was live before */
};

/*
 * What is asked at each stage.
 *
 * A first load that is refused at GUARD_LATE leaves a disk that no later load can add
 * properly, so that it is refused for a loop only.
 *
 * A resume is refused only for a loop that is live, or that it makes live.  Which
 * tables of other targets are live cannot be known for certain.  An edge that is
 * perhaps live counts for the first resume of a table, and not for later ones.
 */
static const struct guard_rule {
	unsigned int asks;
	enum guard_edges edges;
	enum guard_refused refused;
} guard_rules[] = {
	[GUARD_RECORD]	 = { .refused = GUARD_REFUSED_LOAD },
	[GUARD_LOAD]	 = { .refused = GUARD_REFUSED_LOAD,
			     .asks = GUARD_ASK_SELF | GUARD_ASK_LOOP |
				     GUARD_ASK_DEPTH },
	[GUARD_LATE]	 = { .refused = GUARD_REFUSED_LOAD,
			     .asks = GUARD_ASK_LOOP },
	[GUARD_IGNORED]	 = { .refused = GUARD_NOT_REFUSED,
			     .asks = GUARD_ASK_SELF | GUARD_ASK_LOOP |
				     GUARD_ASK_DEPTH },
	[GUARD_RESUME]	 = { .refused = GUARD_NOT_RESUMED,
			     .asks = GUARD_ASK_LOOP,
			     .edges = GUARD_PERHAPS_LIVE },
	[GUARD_AGAIN]	 = { .refused = GUARD_NOT_RESUMED,
			     .asks = GUARD_ASK_LOOP,
			     .edges = GUARD_LIVE },
};

static bool guard_can_refuse(enum guard_stage stage)
{
	return guard_rules[stage].refused != GUARD_NOT_REFUSED;
}

/* What each verdict means for a table that is being loaded. */
static const struct guard_consequence {
	int error;
	const char *reason;
} guard_consequences[] = {
	[GUARD_IS_SELF] = { -EINVAL, "Device maps onto itself" },
	[GUARD_IS_LOOP] = { -ELOOP, "Device closes a loop" },
	[GUARD_IS_DEEP] = { -ELOOP, "Stack of devices is too deep" },
};

static struct guard_question guard_question_at(enum guard_stage stage)
{
	return (struct guard_question) {
		.asks = guard_rules[stage].asks,
		.edges = guard_rules[stage].edges,
		.max_depth = READ_ONCE(guard_max_depth),
	};
}

/*
 * @disk: the disk whose table, link or resume was the last straw
 * @q: what was asked, and found
 * @reason: receives what ti->error says
 *
 * Context: as guard_report().
 * Return: the error code.
 */
static int guard_refuse(enum guard_stage stage, enum guard_verdict verdict,
			struct gendisk *disk, const struct guard_question *q,
			const char **reason)
{
	const struct guard_refusal refusal = {
		.refused = guard_rules[stage].refused,
		.verdict = verdict,
		.disk = disk,
		.path = q->path,
		.max_depth = q->max_depth,
	};

	guard_report(&refusal);
	*reason = guard_consequences[verdict].reason;
	return guard_consequences[verdict].error;
}

/*
 * An edge that is to be added.
 *
 * @pair: the edge
 * @reason: why
 * @table: for GUARD_PROMISED, the table
 * @dev: for GUARD_PROMISED, what core holds the device by
 * @gfp: how memory is allocated for it
 */
struct guard_claim {
	struct guard_pair pair;
	enum guard_reason reason;
	const void *table;
	const void *dev;
	gfp_t gfp;
};

static int guard_add(const struct guard_claim *claim,
		     const struct guard_question *q, bool can_refuse,
		     enum guard_verdict *verdict)
{
	if (claim->reason == GUARD_PROMISED)
		return guard_graph_promise(&guard_graph, &claim->pair,
					   claim->table, claim->dev, q,
					   claim->gfp, verdict);
	return guard_graph_add(&guard_graph, &claim->pair, claim->reason, q,
			       can_refuse, claim->gfp, verdict);
}

/**
 * guard_judge_and_add() - add an edge unless the rules refuse it
 * @stage: what for
 * @disk: the holder's disk
 * @claim: the edge
 * @error: receives what ti->error says
 *
 * If something is wrong, the path is to be told.  Memory for that cannot be had
 * under the graph's lock, so that it is asked once more with a path, and what
 * holds then is the answer.
 *
 * Context: process context; sleeps for memory.
 * Return: 0; a refusal, if the stage has any; -ENOMEM.
 */
static int guard_judge_and_add(enum guard_stage stage, struct gendisk *disk,
			       const struct guard_claim *claim,
			       const char **error)
{
	struct guard_question q = guard_question_at(stage);
	bool can_refuse = guard_can_refuse(stage);
	enum guard_verdict verdict;
	int r;

	r = guard_add(claim, &q, can_refuse, &verdict);
	if (!r && verdict != GUARD_FINE) {
		q.path = kzalloc_obj(*q.path, GFP_NOIO);
		if (q.path && can_refuse)
			r = guard_add(claim, &q, can_refuse, &verdict);
		else if (q.path)
			verdict = guard_graph_judge(&guard_graph, &claim->pair, &q);
	}
	if (r)
		*error = "Cannot allocate memory for the graph of devices";
	else if (verdict != GUARD_FINE)
		r = guard_refuse(stage, verdict, disk, &q, error);
	kfree(q.path);
	/* What cannot be refused has been added. */
	return can_refuse || r == -ENOMEM ? r : 0;
}

/* Who opens what at the moment. */

/*
 * A constructor that is opening a device, so that a link which is made on the
 * way can be told from others, and a refusal can be told to the constructor.
 *
 * @list: in the list of all
 * @task: who
 * @disk: the table's own disk
 * @stage: how a link is to be judged
 * @linked: a link was judged, and made
 * @error: why it was refused, or NULL
 */
struct guard_opening {
	struct list_head list;
	struct task_struct *task;
	struct gendisk *disk;
	enum guard_stage stage;
	bool linked;
	const char *error;
};

static LIST_HEAD(guard_openings);
static DEFINE_SPINLOCK(guard_openings_lock);

static struct guard_opening *guard_find_opening(struct gendisk *disk)
{
	struct guard_opening *opening, *found = NULL;

	spin_lock(&guard_openings_lock);
	list_for_each_entry(opening, &guard_openings, list) {
		if (opening->task == current && opening->disk == disk) {
			found = opening;
			break;
		}
	}
	spin_unlock(&guard_openings_lock);
	/* It is on the stack of this task. */
	return found;
}

/*
 * Open a device for a table.  What this waits for, it waits for on stock as well:
 * the path is looked up with the caller's rights, and the disk is opened.  No
 * lock of ours is held.
 */
static int guard_open(struct dm_target *ti, const char *path, guard_mode_t mode,
		      struct dm_dev **dev, struct guard_opening *opening)
{
	int r;

	opening->task = current;
	opening->disk = dm_disk(dm_table_get_md(ti->table));
	spin_lock(&guard_openings_lock);
	list_add(&opening->list, &guard_openings);
	spin_unlock(&guard_openings_lock);

	r = dm_get_device(ti, path, mode, dev);

	spin_lock(&guard_openings_lock);
	list_del(&opening->list);
	spin_unlock(&guard_openings_lock);
	return r;
}

/* Links. */

/* md and bcache do not look at what linking returns. */
static bool guard_ignores_error(struct gendisk *disk)
{
	return !guard_is_mapped(disk) && !strstarts(disk->disk_name, "drbd");
}

static enum guard_stage guard_link_stage(struct gendisk *disk,
					 struct guard_opening *opening)
{
	if (opening)
		return opening->stage;
	if (!READ_ONCE(guard_scope_all))
		return GUARD_RECORD;
	if (guard_ignores_error(disk))
		return GUARD_IGNORED;
	/*
	 * A mapped device is linked by a constructor, or when its first table
	 * has been constructed.  Then that has been judged, as a promise or as
	 * one of ours, unless the diversion began in between.
	 */
	return guard_is_mapped(disk) ? GUARD_LATE : GUARD_LOAD;
}

/**
 * guard_check_link() - stand in for bd_link_disk_holder()
 * @bdev: the slave; open
 * @disk: the holder
 *
 * The edge is in the graph before the two are linked, so that of two loads that
 * close a loop together the second one is refused, whichever links first.
 *
 * Context: as the kernel's function.  Callers hold locks of their own that their
 * I/O can wait for (dm's table_devices_lock, md's reconfig_mutex); we add no
 * wait but for memory, without I/O, and for the graph's lock.
 */
int guard_check_link(struct block_device *bdev, struct gendisk *disk)
{
	int idx = srcu_read_lock(&guard_calls);
	struct guard_opening *opening = guard_find_opening(disk);
	struct guard_claim claim = {
		.pair = guard_pair_of(disk, bdev),
		.reason = GUARD_PENDING,
		.gfp = GFP_NOIO,
	};
	const char *error = NULL;
	int r;

	/* Without the edge, the graph would be wrong from now on. */
	if (guard_ignores_error(disk))
		claim.gfp |= __GFP_NOFAIL;
	r = guard_judge_and_add(guard_link_stage(disk, opening), disk, &claim,
				&error);
	if (!r) {
		/* Waits as on stock: for the lower disk's open_mutex, and for kernfs. */
		r = bd_link_disk_holder(bdev, disk);
		guard_graph_linked(&guard_graph, &claim.pair, !r);
		if (r)
			guard_read_unlinked(&guard_graph, disk, bdev);
		if (opening)
			opening->linked = !r;
	} else if (opening) {
		opening->error = error;
	}
	srcu_read_unlock(&guard_calls, idx);
	return r;
}

/**
 * guard_check_unlink() - stand in for bd_unlink_disk_holder()
 * @bdev: the slave; open
 * @disk: the holder
 *
 * Context: as the kernel's function, and as guard_read_unlinked().
 */
void guard_check_unlink(struct block_device *bdev, struct gendisk *disk)
{
	int idx = srcu_read_lock(&guard_calls);
	struct guard_pair pair = guard_pair_of(disk, bdev);

	/* The other way round, somebody could be judged without the link. */
	bd_unlink_disk_holder(bdev, disk);
	guard_graph_unlinked(&guard_graph, &pair);
	guard_read_unlinked(&guard_graph, disk, bdev);
	srcu_read_unlock(&guard_calls, idx);
}

/* Constructors of other targets. */

/**
 * guard_check_get() - stand in for dm_get_device()
 * @ti: target under construction, or live and sent a message
 * @path: path or "major:minor"
 * @mode: how to open it
 * @dev: receives the device
 *
 * A mapped device whose first table is being loaded is not linked before that is
 * complete, when it cannot be refused any more, but others can be stacked on it
 * already.  So what it opens counts from here on.
 *
 * Context: as the kernel's function.
 */
int guard_check_get(struct dm_target *ti, const char *path, guard_mode_t mode,
		    struct dm_dev **dev)
{
	struct guard_opening opening = {
		.stage = READ_ONCE(guard_scope_all) ? GUARD_LOAD : GUARD_RECORD,
	};
	int idx = srcu_read_lock(&guard_calls);
	const char *error;
	struct dm_dev *opened;
	int r;

	r = guard_open(ti, path, mode, &opened, &opening);
	if (!r && !opening.linked) {
		struct guard_claim claim = {
			.pair = guard_pair_of(opening.disk, opened->bdev),
			.reason = GUARD_PROMISED,
			.table = ti->table,
			.dev = opened,
			.gfp = GFP_NOIO,
		};

		r = guard_judge_and_add(opening.stage, opening.disk, &claim,
					&error);
		if (r)
			dm_put_device(ti, opened);
	}
	/* Some targets put what they find there, after an error as well. */
	if (!r)
		*dev = opened;
	srcu_read_unlock(&guard_calls, idx);
	return r;
}

/**
 * guard_check_put() - stand in for dm_put_device()
 * @ti: target
 * @dev: the device; some targets put one that core has freed, which says so
 *
 * Context: as the kernel's function.
 */
void guard_check_put(struct dm_target *ti, struct dm_dev *dev)
{
	int idx = srcu_read_lock(&guard_calls);
	const void *table = ti->table;

	dm_put_device(ti, dev);
	guard_graph_withdraw(&guard_graph, table, dev);
	srcu_read_unlock(&guard_calls, idx);
}

/* Our own target. */

/*
 * The first target of a table for each device is the one that is checked, on
 * load and on resume: a table of 10,000 segments pays once.  It is also the
 * first of them to be destroyed.
 */
static DEFINE_HASHTABLE(guard_uses, 10);
static DEFINE_SPINLOCK(guard_uses_lock);

static unsigned long guard_use_key(const void *table, struct block_device *bdev)
{
	return (unsigned long)table ^ (unsigned long)bdev;
}

static bool guard_has_use(const void *table, struct block_device *bdev)
{
	struct guard_use *use;
	bool found = false;

	spin_lock(&guard_uses_lock);
	hash_for_each_possible(guard_uses, use, bucket,
			       guard_use_key(table, bdev)) {
		found = use->table == table && use->bdev == bdev;
		if (found)
			break;
	}
	spin_unlock(&guard_uses_lock);
	return found;
}

static void guard_add_use(struct guard_use *use)
{
	spin_lock(&guard_uses_lock);
	hash_add(guard_uses, &use->bucket, guard_use_key(use->table, use->bdev));
	spin_unlock(&guard_uses_lock);
}

static void guard_del_use(struct guard_use *use)
{
	spin_lock(&guard_uses_lock);
	hash_del(&use->bucket);
	spin_unlock(&guard_uses_lock);
}

/*
 * How often to look again for a device to be linked: for five to ten seconds.  Mostly
 * it is done soon, and so is whatever else keeps a disk busy.  After the short ones,
 * disks that are still busy are passed over if they are not below.
 */
#define GUARD_TRIES 600
#define GUARD_SHORT_TRIES 100

static void guard_pause(unsigned int tries)
{
	if (tries < GUARD_SHORT_TRIES)
		usleep_range(500, 1000);
	else
		usleep_range(10000, 20000);
}

/*
 * Judge an edge by what sysfs shows, where links cannot be watched.  Both of two
 * loads that close a loop have been linked by now, so that at least one of them
 * sees it.  But a first load is linked later; who meets its device waits here.
 * Only what waits for the load waits for us.
 */
static int guard_judge_by_sysfs(struct gendisk *disk, struct block_device *bdev,
				const char **error)
{
	struct guard_question q = guard_question_at(GUARD_LOAD);
	struct guard_pair pair = guard_pair_of(disk, bdev);
	enum guard_verdict verdict;
	struct guard_graph *graph;
	unsigned int tries, noio;
	int r = -ENOMEM;

	/* Another table's device may be suspended, and swap may be on it. */
	noio = memalloc_noio_save();
	*error = "Cannot read the stack of devices";
	q.path = kzalloc_obj(*q.path, GFP_KERNEL);
	graph = kvzalloc_obj(*graph, GFP_KERNEL);
	if (!q.path || !graph)
		goto out;

	for (tries = 0; tries < GUARD_TRIES; tries++) {
		guard_graph_init(graph);
		r = guard_read_around(graph, disk, bdev,
				      tries >= GUARD_SHORT_TRIES);
		/* 5.10 goes on without a link if the device below is too new. */
		if (!r && !GUARD_LINKS_LATE && disk != bdev->bd_disk &&
		    !guard_read_link(disk, bdev))
			r = -EAGAIN;
		verdict = guard_graph_judge(graph, &pair, &q);
		guard_graph_clear(graph);
		if (r != -EAGAIN)
			break;
		if (fatal_signal_pending(current)) {
			r = -EINTR;
			break;
		}
		guard_pause(tries);
	}
	if (r == -EAGAIN) {
		*error = "Device below is still being set up";
		r = -EBUSY;
	}
	/*
	 * If links have come to be watched meanwhile, another load was perhaps judged by
	 * the graph alone, before our edge was in it, and is not linked yet.
	 */
	if (!r && verdict == GUARD_FINE && READ_ONCE(guard_watching))
		verdict = guard_graph_judge(&guard_graph, &pair, &q);
	if (!r && verdict != GUARD_FINE)
		r = guard_refuse(GUARD_LOAD, verdict, disk, &q, error);
out:
	kvfree(graph);
	kfree(q.path);
	memalloc_noio_restore(noio);
	return r;
}

/*
 * Make a target its table's first for a device.  The edge counts from here on,
 * linked or not, until guard_check_close().  @linked: it was judged just now.
 * @watching: since before the device was opened, so that all was known by then.
 */
static int guard_add_first(struct dm_target *ti, struct block_device *bdev,
			   bool linked, bool watching,
			   struct guard_use **result, const char **error)
{
	struct gendisk *disk = dm_disk(dm_table_get_md(ti->table));
	struct guard_claim claim = {
		.pair = guard_pair_of(disk, bdev),
		.reason = GUARD_OWN,
		.gfp = GFP_NOIO,
	};
	struct guard_use *use;
	int r;

	*error = "Cannot allocate linear context";
	use = kzalloc_obj(*use, GFP_NOIO);
	if (!use)
		return -ENOMEM;
	use->table = ti->table;
	use->disk = disk;
	use->bdev = bdev;

	/* Where links are not watched, what the graph has of them is old. */
	r = guard_judge_and_add(linked || !watching ? GUARD_RECORD : GUARD_LOAD,
				disk, &claim, error);
	if (r)
		goto bad_edge;

	if (!watching) {
		r = guard_judge_by_sysfs(disk, bdev, error);
		if (r)
			goto bad_sysfs;
	}

	guard_add_use(use);
	*result = use;
	return 0;

bad_sysfs:
	guard_graph_close(&guard_graph, &claim.pair, use->table);
bad_edge:
	kfree(use);
	return r;
}

/* The table's own device, which newer kernels refuse without saying so. */
static int guard_refuse_self(struct gendisk *disk, const char **error)
{
	struct guard_question q = guard_question_at(GUARD_LOAD);
	struct guard_pair pair = {
		.holder = guard_id_of(disk),
		.slave = guard_id_of(disk),
		.dev = disk_devt(disk),
	};
	int r;

	q.path = kzalloc_obj(*q.path, GFP_NOIO);
	guard_graph_judge(&guard_graph, &pair, &q);
	r = guard_refuse(GUARD_LOAD, GUARD_IS_SELF, disk, &q, error);
	kfree(q.path);
	return r;
}

/**
 * guard_check_open() - open the device that a table line names, if it may
 * @ti: target under construction
 * @path: path or "major:minor"
 * @dev: receives the device; for guard_check_close()
 * @use: receives what guard_check_resume() needs if this is the table's first
 *	 target for the device, else NULL; for guard_check_close()
 *
 * Kernels from 6.12 on refuse the table's own device by themselves, and all but
 * 5.10 cannot open a mapped device before its first load.
 *
 * Context: constructor; sleeps, as guard_open().
 * Return: 0, or a negative error code with ti->error set.
 */
int guard_check_open(struct dm_target *ti, const char *path,
		     struct dm_dev **dev, struct guard_use **use)
{
	struct guard_opening opening = { .stage = GUARD_LOAD };
	int idx = srcu_read_lock(&guard_calls);
	bool watching = READ_ONCE(guard_watching);
	const char *error = "Device lookup failed";
	dev_t devt;
	int r;

	*use = NULL;
	r = guard_open(ti, path, dm_table_get_mode(ti->table), dev, &opening);
	if (r && opening.error) {
		error = opening.error;
	} else if (r) {
		/* The path is looked up once more, with the caller's rights as before. */
		if (!dm_devt_from_path(path, &devt) &&
		    devt == disk_devt(opening.disk))
			r = guard_refuse_self(opening.disk, &error);
	} else if (!guard_has_use(ti->table, (*dev)->bdev)) {
		r = guard_add_first(ti, (*dev)->bdev, opening.linked, watching,
				    use, &error);
		if (r)
			dm_put_device(ti, *dev);
	}
	if (r)
		ti->error = (char *)error;
	srcu_read_unlock(&guard_calls, idx);
	return r;
}

/**
 * guard_check_close() - undo guard_check_open()
 * @ti: target
 * @dev: the device
 * @use: what guard_check_open() has given, or NULL
 *
 * Context: constructor or destructor; sleeps, as guard_check_unlink().
 */
void guard_check_close(struct dm_target *ti, struct dm_dev *dev,
		       struct guard_use *use)
{
	int idx = srcu_read_lock(&guard_calls);
	struct guard_pair pair;

	/* Not by @dev: core has freed it if another line opened it otherwise. */
	if (use) {
		pair = guard_pair_of(use->disk, use->bdev);
		guard_del_use(use);
	}
	dm_put_device(ti, dev);
	if (use) {
		/* The disk below can have been freed, and another be there. */
		pair.slave.held = false;
		guard_graph_close(&guard_graph, &pair, use->table);
		kfree(use);
	}
	srcu_read_unlock(&guard_calls, idx);
}

/**
 * guard_check_resume() - may a guarded table's device be resumed
 * @use: of one of its devices; NULL here and below if the target has none, and
 *	 another target of the table is checked for the device
 *
 * Another driver's load can have closed a loop since the table was loaded.  What
 * cannot be found out is not refused.
 *
 * Context: the table's device is suspended, and I/O to it waits for us.  This
 * waits for the graph's lock only, and to tell of a refusal, for memory without
 * I/O and for dm's lock of names; nothing here is in sysfs.
 * Return: 0 or -ELOOP.
 */
int guard_check_resume(struct guard_use *use)
{
	enum guard_verdict verdict;
	struct guard_question q;
	enum guard_stage stage;
	struct guard_pair pair;
	const char *reason;
	int r = 0;

	if (!use)
		return 0;
	stage = use->was_live ? GUARD_AGAIN : GUARD_RESUME;
	q = guard_question_at(stage);
	pair = guard_pair_of(use->disk, use->bdev);

	verdict = guard_graph_resume(&guard_graph, &pair, use->table, &q);
	if (verdict != GUARD_FINE) {
		q.path = kzalloc_obj(*q.path, GFP_NOIO);
		verdict = guard_graph_resume(&guard_graph, &pair, use->table, &q);
	}
	if (verdict != GUARD_FINE) {
		guard_graph_not_resumed(&guard_graph, &pair, use->table);
		r = guard_refuse(stage, verdict, use->disk, &q, &reason);
	}
	kfree(q.path);
	return r;
}

/**
 * guard_check_resumed() - a guarded table is resumed, with all of its devices
 * @use: of one of them
 *
 * Context: as guard_check_resume().
 */
void guard_check_resumed(struct guard_use *use)
{
	if (use)
		use->was_live = true;
}

/**
 * guard_check_suspending() - a guarded table is about to be suspended
 * @use: of one of its devices
 *
 * Context: sleeps, for the graph's lock only.
 */
void guard_check_suspending(struct guard_use *use)
{
	struct guard_pair pair;

	if (!use)
		return;
	pair = guard_pair_of(use->disk, use->bdev);
	guard_graph_suspending(&guard_graph, &pair, use->table);
}

/**
 * guard_check_suspend() - a guarded table has been suspended
 * @use: of one of its devices
 *
 * Context: sleeps, for the graph's lock only.
 */
void guard_check_suspend(struct guard_use *use)
{
	struct guard_pair pair;

	if (!use)
		return;
	pair = guard_pair_of(use->disk, use->bdev);
	guard_graph_suspend(&guard_graph, &pair, use->table);
}

/* For the module and its parameters. */

/**
 * guard_check_watch() - links are told to the graph from now on: complete it
 *
 * Context: task that loads the module or changes its parameters; sleeps, as
 * guard_read_all().
 * Return: 0; -EINTR if the task is being killed; -ENOMEM.
 */
int guard_check_watch(void)
{
	struct guard_path *path;
	int r = guard_read_all(&guard_graph);

	if (r)
		return r;
	guard_graph_watch(&guard_graph);
	WRITE_ONCE(guard_watching, true);

	/* Who was here first stays, but should be known. */
	path = kzalloc_obj(*path, GFP_KERNEL);
	if (path && guard_graph_has_loop(&guard_graph, path))
		guard_report_existing_loop(path);
	kfree(path);
	return 0;
}

/**
 * guard_check_unwatch() - links are about to be told no longer
 *
 * Context: as guard_check_watch().  Waits until each call that relies on them has
 * returned, for as long as some disk takes to be opened.
 */
void guard_check_unwatch(void)
{
	WRITE_ONCE(guard_watching, false);
	synchronize_srcu(&guard_calls);
}

/**
 * guard_check_forget() - no link is told any more: forget them
 *
 * Context: as guard_check_unwatch().
 */
void guard_check_forget(void)
{
	synchronize_srcu(&guard_calls);
	guard_graph_forget(&guard_graph);
}

/**
 * guard_check_show() - list all edges
 * @file: receives what guard_graph_show() says
 */
void guard_check_show(struct seq_file *file)
{
	guard_graph_show(&guard_graph, file);
}

/**
 * guard_check_init() - before anything else here
 *
 * Return: 0, or -ENOMEM.
 */
int __init guard_check_init(void)
{
	int r = init_srcu_struct(&guard_calls);

	if (r)
		return r;
	r = guard_read_init();
	if (r) {
		cleanup_srcu_struct(&guard_calls);
		return r;
	}
	guard_graph_init(&guard_graph);
	return 0;
}

/**
 * guard_check_exit() - when no table of ours and no diversion is left
 */
void guard_check_exit(void)
{
	guard_report_exit();
	guard_graph_clear(&guard_graph);
	cleanup_srcu_struct(&guard_calls);
}
