// SPDX-License-Identifier: GPL-2.0-only
/*
 * dm-linear-guard: a device-mapper linear target that cannot be made to loop.
 *
 * Copyright (C) 2026 The dm-linear-guard developers
 *
 * Forwards I/O exactly as the kernel's own linear target does, takes over its
 * name on a running system, and refuses a table that closes a loop of devices,
 * or makes a stack of them too deep, when the table is loaded, before anything
 * can run around in it.
 */

#include <linux/atomic.h>
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/cred.h>
#include <linux/ctype.h>
#include <linux/dax.h>
#include <linux/dcache.h>
#include <linux/delay.h>
#include <linux/device-mapper.h>
#include <linux/device.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/ftrace.h>
#include <linux/hashtable.h>
#include <linux/init.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mount.h>
#include <linux/mutex.h>
#include <linux/ratelimit.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/srcu.h>
#include <linux/string.h>

#include "dm-linear-guard.h"

#define DM_MSG_PREFIX "linear-guard"

/* What ti->error says; the reasons that the rules give come from here too. */
#define GUARD_SELF_ERROR "Device maps onto itself"
#define GUARD_LOOP_ERROR "Device closes a loop"
#define GUARD_DEPTH_ERROR "Stack of devices is too deep"

/*
 * The longest stack of devices that a table may become a part of.  The kernel's
 * stack overflows beyond 100 devices on 5.10, and beyond 200 later.
 */
#define GUARD_MIN_DEPTH 1
#define GUARD_MAX_DEPTH 64
static unsigned int guard_max_depth = 32;

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

static atomic_t guard_events[GUARD_EVENTS];

static void guard_count(enum guard_event event)
{
	atomic_inc(&guard_events[event]);
}

/*
 * The graph of block devices is what sysfs shows: "slaves" of a disk are the
 * devices that it stands on, "holders" of a disk or partition the disks that
 * stand on it, for the live and the inactive table of a mapped device and for
 * every other driver that stacks devices.  The kernel has no other interface
 * that tells.
 *
 * It is read through a mount of our own, so that neither a chroot nor what is
 * mounted on /sys matters, with the kernel's credentials, so that no security
 * module judges the one who loads the table by it.  Nothing is pinned between
 * two steps: a disk is known by its name, which is not given to another while
 * someone has it open, and what stands on it has.
 */
static struct vfsmount *guard_sysfs;
static const struct cred *guard_cred;

/*
 * A device that a walk has come to.
 *
 * @queue: in the walk's queue, or empty
 * @bucket: in the walk's hash table
 * @via: where the longest path known comes from; can run in a circle if there
 *	 is a loop elsewhere, or NULL at the start
 * @first: where it was first come to from, which never runs in a circle
 * @depth: length of the longest path known
 * @name: in sysfs
 */
struct guard_node {
	struct list_head queue;
	struct hlist_node bucket;
	struct guard_node *via;
	struct guard_node *first;
	unsigned int depth;
	char name[DISK_NAME_LEN];
};

/* How to walk. */
#define GUARD_DOWN	1	/* to slaves, not to holders */
#define GUARD_PATIENT	2	/* wait for mapped devices to be linked */
#define GUARD_HASTY	4	/* give up with -EAGAIN where one is not yet */
#define GUARD_SETTLED	8	/* the first one is, for certain */

/*
 * A walk over the graph.
 *
 * @ctx: of the directory being read
 * @flags: how to walk
 * @partitions: the directory being read is the disk's own: look for partitions
 * @cap: depths are not told apart beyond this, so that a walk around a loop ends
 * @seen: which entries the directory being read has had in this pass
 * @error: of the directory being read
 * @node: whose directory is being read
 * @deepest: the node of the greatest depth
 * @target: name of the disk that is not to be reached, nor walked through
 * @hit: the node of that disk, once reached
 * @queue: nodes to be visited
 * @nodes: all nodes, by name
 */
struct guard_walk {
	struct dir_context ctx;
	unsigned int flags;
	bool partitions;
	unsigned int cap;
	u64 seen;
	int error;
	struct guard_node *node;
	struct guard_node *deepest;
	const char *target;
	struct guard_node *hit;
	struct list_head queue;
	DECLARE_HASHTABLE(nodes, 6);
};

static struct gendisk *guard_own_disk(struct dm_target *ti)
{
	return dm_disk(dm_table_get_md(ti->table));
}

/* A walk down ends when the target is reached. */
static bool guard_is_over(struct guard_walk *walk)
{
	return (walk->flags & GUARD_DOWN) && walk->hit;
}

/* The name of a disk in sysfs; a mapped device may not be there yet. */
static const char *guard_disk_name(struct gendisk *disk)
{
	return dev_name(disk_to_dev(disk)) ?: disk->disk_name;
}

static struct guard_node *guard_find(struct guard_walk *walk, const char *name,
				     u32 hash)
{
	struct guard_node *node;

	hash_for_each_possible(walk->nodes, node, bucket, hash)
		if (!strcmp(node->name, name))
			return node;
	return NULL;
}

/*
 * Come to a device: remember it, and have it visited, again if the way is the
 * longest so far.
 */
static int guard_reach(struct guard_walk *walk, const char *name,
		       struct guard_node *via, unsigned int depth)
{
	u32 hash = full_name_hash(NULL, name, strlen(name));
	struct guard_node *node = guard_find(walk, name, hash);

	depth = min(depth, walk->cap);
	if (!node) {
		node = kzalloc_obj(*node, GFP_NOIO);
		if (!node)
			return -ENOMEM;
		strscpy(node->name, name, sizeof(node->name));
		INIT_LIST_HEAD(&node->queue);
		node->first = via;
		hash_add(walk->nodes, &node->bucket, hash);
	} else if (depth <= node->depth) {
		return 0;
	}

	if (via && !strcmp(name, walk->target)) {
		walk->hit = node;
		return 0;
	}

	node->via = via;
	node->depth = depth;
	if (!walk->deepest || depth > walk->deepest->depth)
		walk->deepest = node;
	if (list_empty(&node->queue))
		list_add_tail(&node->queue, &walk->queue);
	return 0;
}

/* Called for each entry of a directory; false ends it. */
static bool guard_fill(struct dir_context *ctx, const char *name, int len,
		       loff_t offset, u64 ino, unsigned int type)
{
	struct guard_walk *walk = container_of(ctx, struct guard_walk, ctx);
	struct guard_node *node = walk->node;
	char child[DISK_NAME_LEN];

	if (len >= sizeof(child))
		return true;
	memcpy(child, name, len);
	child[len] = '\0';

	if (!walk->partitions && type == DT_LNK)
		walk->error = guard_reach(walk, child, node, node->depth + 1);
	else if (walk->partitions && type == DT_DIR &&
		 strstarts(child, node->name))
		walk->error = guard_reach(walk, child, node, node->depth);
	else
		return true;
	walk->seen = walk->seen * 31 + ino;
	return !walk->error && !guard_is_over(walk);
}

/* Open a directory that a block device has in sysfs, or ERR_PTR(). */
static struct file *guard_open(const char *name, const char *dir)
{
	char path[sizeof("class/block//slaves/") + 2 * DISK_NAME_LEN];

	snprintf(path, sizeof(path), "class/block/%s/%s", name, dir);
	return file_open_root_mnt(guard_sysfs, path, O_RDONLY | O_DIRECTORY, 0);
}

/* Does a block device have that in sysfs?  1, 0, or an error that leaves it open. */
static int guard_exists(const char *name, const char *dir)
{
	struct file *file = guard_open(name, dir);

	if (IS_ERR(file))
		return PTR_ERR(file) == -ENOENT ? 0 : PTR_ERR(file);
	fput(file);
	return 1;
}

/*
 * 5.10 shows a new mapped device to others before it can be linked, warns who
 * opens it then, and goes on without a link.  That it has no size is no proof,
 * but what has one can be linked.
 */
static int guard_has_link(struct block_device *bdev, const char *own,
			  const char *next)
{
	char link[sizeof("slaves/") + DISK_NAME_LEN];

	if (GUARD_LINKS_LATE || bdev_nr_sectors(bdev))
		return 1;
	snprintf(link, sizeof(link), "slaves/%s", next);
	return guard_exists(own, link);
}

/* How often to look again where things move, before -EBUSY: five seconds. */
#define GUARD_TRIES 600

static void guard_pause(unsigned int tries)
{
	if (tries < 100)
		usleep_range(500, 1000);
	else
		usleep_range(10000, 20000);
}

/*
 * Read a directory until two passes have seen the same: kernfs can pass over an
 * entry when the one before it is removed between two steps.  What is removed
 * does not come back under the same inode number.
 */
static int guard_read(struct guard_walk *walk, struct guard_node *node,
		      struct file *file)
{
	unsigned int tries;
	u64 seen = 0;
	int r;

	walk->node = node;
	for (tries = 0; tries < GUARD_TRIES; tries++) {
		walk->seen = 0;
		file->f_pos = 0;
		r = iterate_dir(file, &walk->ctx) ?: walk->error;
		if (r || guard_is_over(walk) || walk->seen == seen)
			return r;
		seen = walk->seen;
	}
	return -EBUSY;
}

/*
 * From 6.1 on, the first load of a mapped device adds the disk, so that others
 * can open it, then links it to what it stands on, then adds "dm" to it, all
 * after the constructors.  Who looks in between sees a device that stands on
 * nothing.  (5.10 links when a constructor opens a device.)
 */
static int guard_is_linked(const char *name)
{
	if (!GUARD_LINKS_LATE || !guard_is_dm(name))
		return 1;
	return guard_exists(name, "dm");
}

static int guard_wait_for_links(const char *name, unsigned int flags)
{
	unsigned int tries;
	int r;

	for (tries = 0; tries < GUARD_TRIES; tries++) {
		r = guard_is_linked(name);
		if (r)
			return min(r, 0);
		/* Or it is gone, and stands on nothing any more. */
		r = guard_exists(name, ".");
		if (r <= 0)
			return r;
		if (flags & GUARD_HASTY)
			return -EAGAIN;
		guard_pause(tries);
	}
	return -EBUSY;
}

static int guard_visit_slaves(struct guard_walk *walk, struct guard_node *node)
{
	bool settled = !node->first && (walk->flags & GUARD_SETTLED);
	char disk[DISK_NAME_LEN];
	struct dentry *parent;
	struct file *file;
	int r;

	if ((walk->flags & (GUARD_PATIENT | GUARD_HASTY)) && !settled) {
		r = guard_wait_for_links(node->name, walk->flags);
		if (r)
			return r;
	}

	file = guard_open(node->name, "slaves");
	if (!IS_ERR(file)) {
		r = guard_read(walk, node, file);
		fput(file);
		return r;
	}
	if (PTR_ERR(file) != -ENOENT)
		return PTR_ERR(file);

	/* A partition, which stands on whatever its disk does; or it is gone. */
	file = guard_open(node->name, "../slaves");
	if (IS_ERR(file))
		return PTR_ERR(file) == -ENOENT ? 0 : PTR_ERR(file);
	parent = dget_parent(file->f_path.dentry);
	snprintf(disk, sizeof(disk), "%pd", parent);
	dput(parent);
	fput(file);
	return guard_reach(walk, disk, node, node->depth);
}

static int guard_visit_holders(struct guard_walk *walk, struct guard_node *node)
{
	struct file *file;
	int r;

	file = guard_open(node->name, "holders");
	if (IS_ERR(file))
		return PTR_ERR(file) == -ENOENT ? 0 : PTR_ERR(file);
	r = guard_read(walk, node, file);
	fput(file);
	if (r || guard_is_dm(node->name))
		return r;

	/* A mapped device has no partitions of the kernel's. */
	file = guard_open(node->name, ".");
	if (IS_ERR(file))
		return PTR_ERR(file) == -ENOENT ? 0 : PTR_ERR(file);
	walk->partitions = true;
	r = guard_read(walk, node, file);
	walk->partitions = false;
	fput(file);
	return r;
}

static void guard_free_walk(struct guard_walk *walk)
{
	struct guard_node *node;
	struct hlist_node *tmp;
	int i;

	if (IS_ERR_OR_NULL(walk))
		return;
	hash_for_each_safe(walk->nodes, i, tmp, node, bucket)
		kfree(node);
	kfree(walk);
}

/**
 * guard_walk() - find all that a disk stands on, or all that stand on it
 * @start: name of the disk to start from
 * @flags: GUARD_DOWN and the like
 * @target: name of the disk whose being reached ends a walk down, and that a
 *	    walk up does not pass through
 * @cap: greatest depth of interest
 *
 * Visits a device as often as the longest path to it is found to be longer, so
 * at most @cap times, whatever the graph looks like.  Links that were complete
 * when it was called are seen, later ones can be.
 *
 * Context: guard_check()'s.  Sleeps; takes locks of sysfs and kernfs only.
 * Return: the walk, to be freed with guard_free_walk(), or ERR_PTR().
 */
static struct guard_walk *guard_walk(const char *start, unsigned int flags,
				     const char *target, unsigned int cap)
{
	struct guard_walk *walk;
	struct guard_node *node;
	int r;

	walk = kzalloc_obj(*walk, GFP_NOIO);
	if (!walk)
		return ERR_PTR(-ENOMEM);
	walk->ctx.actor = GUARD_FILL;
	walk->flags = flags;
	walk->cap = cap;
	walk->target = target;
	INIT_LIST_HEAD(&walk->queue);
	hash_init(walk->nodes);

	/* A way down starts one below the target, a way up at the target. */
	r = guard_reach(walk, start, NULL, flags & GUARD_DOWN ? 1 : 0);
	while (!r && !guard_is_over(walk) && !list_empty(&walk->queue)) {
		node = list_first_entry(&walk->queue, struct guard_node, queue);
		list_del_init(&node->queue);
		r = flags & GUARD_DOWN ? guard_visit_slaves(walk, node) :
					 guard_visit_holders(walk, node);
		cond_resched();
	}

	if (r) {
		guard_free_walk(walk);
		return ERR_PTR(r);
	}
	return walk;
}

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
 * A device as people know it: "home (dm-3)", "md0", "sda2".  Whoever names it
 * may not write a line of the log: what is not printable is escaped.
 */
static void guard_put_name(struct guard_line *line, struct gendisk *disk,
			   const char *name)
{
	struct mapped_device *md = NULL;
	struct device *dev;
	char *dm_name;

	/* A disk whose first table is being loaded is not in its class yet. */
	if (!strcmp(name, guard_disk_name(disk))) {
		md = dm_get_md(disk_devt(disk));
	} else if (guard_is_dm(name)) {
		dev = class_find_device_by_name(disk_to_dev(disk)->class, name);
		if (dev)
			md = dm_get_md(dev->devt);
		put_device(dev);
	}

	dm_name = kmalloc(DM_NAME_LEN, GFP_NOIO);
	if (md && dm_name && !dm_copy_name_and_uuid(md, dm_name, NULL))
		guard_put(line, "%*pE (%s)", (int)strlen(dm_name), dm_name, name);
	else
		guard_put(line, "%*pE", (int)strlen(name), name);
	kfree(dm_name);
	if (md)
		dm_put(md);
}

/* All nodes on the way to one, in that order, the longest way or the first. */
static void guard_put_way(struct guard_line *line, struct gendisk *disk,
			  struct guard_node *end, bool longest)
{
	struct guard_node *node = end;
	unsigned int len, i;

	/* Ways can run in circles, and no line holds as many as this. */
	for (len = 0; node && len < 256; len++)
		node = longest ? node->via : node->first;

	while (len--) {
		node = end;
		for (i = 0; i < len; i++)
			node = longest ? node->via : node->first;
		guard_put(line, " -> ");
		guard_put_name(line, disk, node->name);
	}
}

/**
 * guard_report() - tell the kernel's log which loop or stack was found
 * @what: "refusing" or the like
 * @critical: it is there, and could not be refused
 * @deep: it is a stack, not a loop
 * @disk: the disk whose table or link was the last straw
 * @below: name of the disk that it was to stand on
 * @up: walk from @disk up, or NULL if nothing stands on it
 * @down: walk from @below down, or NULL if that stands on nothing
 *
 * One line, rate-limited.
 */
static void guard_report(const char *what, bool critical, bool deep,
			 struct gendisk *disk, const char *below,
			 struct guard_walk *up, struct guard_walk *down)
{
	const char *own = guard_disk_name(disk);
	struct guard_line *line;
	struct guard_node *node;
	unsigned int left;

	line = kzalloc_obj(*line, GFP_NOIO);
	if (!line)
		return;

	guard_put(line, "%s ", what);
	guard_put_name(line, disk, own);
	if (deep) {
		guard_put(line, ": stack deeper than %u ",
			  READ_ONCE(guard_max_depth));
		left = up ? up->cap : 0;
		for (node = up ? up->deepest : NULL; node && node->via && left--;
		     node = node->via) {
			guard_put_name(line, disk, node->name);
			guard_put(line, " -> ");
		}
	} else {
		guard_put(line, ": loop ");
	}
	guard_put_name(line, disk, own);
	if (down) {
		guard_put_way(line, disk, deep ? down->deepest : down->hit, deep);
	} else {
		guard_put(line, " -> ");
		guard_put_name(line, disk, below);
	}

	if (critical)
		pr_crit_ratelimited(DM_FMT("%s"), line->text);
	else
		DMERR_LIMIT("%s", line->text);
	kfree(line);
}

/* What a device is being checked for. */
enum guard_stage {
	GUARD_OPEN,	/* by a constructor of another's, if no link will be checked */
	GUARD_LOAD,	/* by a constructor, the link being there already */
	GUARD_LINK,	/* before the link is made, under guard_link_lock */
	GUARD_RESUME	/* before the device's I/O may go */
};

/*
 * Which of two loads that close a loop together is refused?  Both make their
 * links, then look: the one that links last sees all others' links.  First
 * loads, which link after they have looked, cannot be the last: nobody can
 * stand on a device that is not added, and who meets one that is added and not
 * yet linked waits for it.  GUARD_LINK looks before it links, but one at a
 * time; its caller waits.
 *
 * The late links of a first load are refused for a loop only, which can hardly
 * be: a refusal leaves a disk that no later load can add properly.  That the
 * stack is not too deep has been seen when the device was opened.
 *
 * What nothing stands on is in no loop that is live: its resume is not checked.
 * Its load is, as what stands on it may not be linked yet.
 */
static int guard_judge(struct gendisk *disk, struct block_device *bdev,
		       enum guard_stage stage, bool refusable,
		       const char **error)
{
	const char *what = !refusable ? "cannot refuse" :
		stage == GUARD_RESUME ? "not resuming" : "refusing";
	const char *next = guard_disk_name(bdev->bd_disk);
	const char *own = guard_disk_name(disk);
	unsigned int max_depth = READ_ONCE(guard_max_depth);
	struct guard_walk *down = NULL, *up = NULL;
	unsigned int above = 0, below = 1, flags;
	bool alone, late = false;
	enum guard_event event;
	int r;

	if (stage == GUARD_OPEN || stage == GUARD_LINK) {
		r = guard_is_linked(own);
		if (r < 0) {
			down = ERR_PTR(r);
			goto unreadable;
		}
		/* GUARD_LINK has been, and can refuse. */
		if (r && stage == GUARD_OPEN)
			return 0;
		late = !r && stage == GUARD_LINK;
	}
	if (stage == GUARD_OPEN)
		stage = GUARD_LOAD;

	if (bdev->bd_disk == disk) {
		*error = GUARD_SELF_ERROR;
		event = GUARD_REFUSED_SELF;
		r = -EINVAL;
		goto refuse;
	}

	if (stage == GUARD_LOAD) {
		r = guard_has_link(bdev, own, next);
		if (r <= 0) {
			down = ERR_PTR(r ?: -EBUSY);
			goto unreadable;
		}
	}

	/* Our link, if it is made, before theirs are looked at. */
	smp_mb();

	alone = guard_holds_up_nothing(disk, stage != GUARD_LOAD);
	if (alone && stage == GUARD_RESUME)
		return 0;

	if (!guard_stands_on_nothing(bdev->bd_disk)) {
		flags = GUARD_DOWN;
		if (stage == GUARD_LOAD)
			flags |= GUARD_PATIENT;
		else if (stage == GUARD_LINK)
			flags |= GUARD_HASTY;
		/* What has a size has been resumed, so it is linked. */
		if (bdev_nr_sectors(bdev))
			flags |= GUARD_SETTLED;
		down = guard_walk(next, flags, own, max_depth + 1);
		if (IS_ERR(down))
			goto unreadable;
		if (down->hit) {
			*error = GUARD_LOOP_ERROR;
			event = GUARD_REFUSED_LOOP;
			r = -ELOOP;
			goto refuse;
		}
		below = down->deepest->depth;
	}
	if (stage == GUARD_RESUME || late)
		goto out;

	if (!alone) {
		up = guard_walk(own, 0, own, max_depth + 1);
		if (IS_ERR(up))
			goto unreadable;
		above = up->deepest->depth;
	}
	if (above + below > max_depth) {
		*error = GUARD_DEPTH_ERROR;
		event = GUARD_REFUSED_DEPTH;
		r = -ELOOP;
		goto refuse;
	}
out:
	r = 0;
	goto free;

refuse:
	guard_count(refusable ? stage == GUARD_RESUME ? GUARD_REFUSED_RESUME :
		    event : GUARD_UNREFUSED);
	guard_report(what, !refusable, event == GUARD_REFUSED_DEPTH, disk, next,
		     up, down);
	goto free;

unreadable:
	r = IS_ERR(down) ? PTR_ERR(down) : PTR_ERR(up);
	if (late && r != -EAGAIN)
		r = 0;
	*error = r == -EBUSY || r == -EAGAIN ?
		"Device below is still being set up" :
		"Cannot read the stack of devices";
free:
	guard_free_walk(up);
	guard_free_walk(down);
	return r;
}

/**
 * guard_check() - may a disk stand on a device
 * @disk: the disk of a mapped device, or of another driver's; held by the caller
 * @bdev: what it is to stand on; open
 * @stage: what for
 * @refusable: whether the caller will act on the answer
 * @error: receives the reason, as ti->error has it
 *
 * Context: process context; sleeps.  On GUARD_RESUME, @disk is suspended: this
 * allocates without I/O, which could be to a device that waits for us, and
 * takes locks of sysfs alone, as a resume does anyway.
 * Return: 0; -EINVAL for @disk itself; -ELOOP for a loop or too deep a stack;
 * -EBUSY if a first load of a device below takes seconds; -EAGAIN on GUARD_LINK
 * if one is on its way; what the kernel says if the graph cannot be read.
 */
static int guard_check(struct gendisk *disk, struct block_device *bdev,
		       enum guard_stage stage, bool refusable,
		       const char **error)
{
	unsigned int noio = memalloc_noio_save();
	const struct cred *cred = override_creds(guard_cred);
	int r = guard_judge(disk, bdev, stage, refusable, error);

	revert_creds(cred);
	memalloc_noio_restore(noio);
	return r;
}

/*
 * With scope=all, two functions of the kernel are diverted, by the means that
 * livepatch uses: bd_link_disk_holder(), the one place where every driver says
 * what it stands on, and dm_get_device(), where a mapped device that is not
 * added yet does not say so, but can be refused.
 */

/* One look and one link at a time.  Inside of what the callers hold. */
static DEFINE_MUTEX(guard_link_lock);

/* Who was refused last and why, for the constructor that wants to tell. */
static struct task_struct *guard_refused;
static const char *guard_refusal;

/* Read-side: calls that have been diverted and have not returned yet. */
static struct srcu_struct guard_diverted;

/* md and bcache do not look at what linking returns. */
static bool guard_heeds(struct gendisk *disk)
{
	return guard_is_dm(disk->disk_name) || strstarts(disk->disk_name, "drbd");
}

static int guard_link_disk_holder(struct block_device *bdev,
				  struct gendisk *disk)
{
	bool heeds = guard_heeds(disk);
	const char *error = NULL;
	unsigned int noio, tries = 0;
	int idx, r;

	idx = srcu_read_lock(&guard_diverted);
	/* A load that waits for the lock may be what a suspended device needs. */
	noio = memalloc_noio_save();
	mutex_lock(&guard_link_lock);
	for (;;) {
		r = guard_check(disk, bdev, GUARD_LINK, heeds, &error);
		if (r != -EAGAIN)
			break;
		if (++tries == GUARD_TRIES) {
			r = -EBUSY;
			break;
		}
		/* Who is to be linked wants this lock. */
		mutex_unlock(&guard_link_lock);
		guard_pause(tries);
		mutex_lock(&guard_link_lock);
	}

	if (r && heeds) {
		WRITE_ONCE(guard_refused, current);
		guard_refusal = error;
	} else {
		if (r && r != -EINVAL && r != -ELOOP) {
			guard_count(GUARD_UNREFUSED);
			pr_crit_ratelimited(DM_FMT("%s is not checked: %d"),
					    guard_disk_name(disk), r);
		}
		/* Without the link, the graph would be wrong from now on. */
		r = bd_link_disk_holder(bdev, disk);
	}
	mutex_unlock(&guard_link_lock);
	memalloc_noio_restore(noio);
	srcu_read_unlock(&guard_diverted, idx);
	return r;
}

static int guard_dm_get_device(struct dm_target *ti, const char *path,
			       guard_mode_t mode, struct dm_dev **dev)
{
	struct dm_dev *opened;
	const char *error;
	int idx, r;

	idx = srcu_read_lock(&guard_diverted);
	r = dm_get_device(ti, path, mode, &opened);
	if (!r) {
		r = guard_check(guard_own_disk(ti), opened->bdev, GUARD_OPEN, true,
				&error);
		if (r)
			dm_put_device(ti, opened);
	}
	/* Some targets put what they find there, after an error as well. */
	if (!r)
		*dev = opened;
	srcu_read_unlock(&guard_diverted, idx);
	return r;
}

/* Forget what was refused to this task; return it. */
static const char *guard_take_refusal(void)
{
	const char *refusal = NULL;

	/* Nobody else can have written our name there. */
	if (READ_ONCE(guard_refused) != current)
		return NULL;

	mutex_lock(&guard_link_lock);
	if (guard_refused == current) {
		refusal = guard_refusal;
		WRITE_ONCE(guard_refused, NULL);
	}
	mutex_unlock(&guard_link_lock);
	return refusal;
}

#ifdef GUARD_CAN_DIVERT
struct guard_diversion {
	struct ftrace_ops ops;
	unsigned long from;
	unsigned long to;
};

/*
 * Called on entry of a diverted function, where nothing may sleep or loop.  Our
 * own calls go through: those of the functions that stand in for it, and those
 * of our target, which checks for itself.
 */
static void notrace guard_divert(unsigned long ip, unsigned long parent_ip,
				 struct ftrace_ops *ops,
				 struct ftrace_regs *regs)
{
	struct guard_diversion *d = container_of(ops, struct guard_diversion,
						 ops);

	if (!within_module(parent_ip, THIS_MODULE))
		ftrace_regs_set_instruction_pointer(regs, d->to);
}

#define GUARD_DIVERSION(a, b) {						\
	.ops = {							\
		.func = guard_divert,					\
		.flags = GUARD_DIVERT_FLAGS,				\
	},								\
	.from = (unsigned long)(a),					\
	.to = (unsigned long)(b),					\
}

static struct guard_diversion guard_diversions[] = {
	GUARD_DIVERSION(bd_link_disk_holder, guard_link_disk_holder),
	GUARD_DIVERSION(dm_get_device, guard_dm_get_device),
};

static int guard_start_diversion(struct guard_diversion *d)
{
	int r = ftrace_set_filter_ip(&d->ops, d->from, 0, 0);

	if (r)
		return r;
	r = register_ftrace_function(&d->ops);
	if (r)
		ftrace_set_filter_ip(&d->ops, d->from, 1, 0);
	return r;
}

static void guard_end_diversion(struct guard_diversion *d)
{
	unsigned int tries;

	unregister_ftrace_function(&d->ops);
	/* To forget an address takes memory, and the module may be about to go. */
	for (tries = 0; tries < GUARD_TRIES; tries++) {
		if (ftrace_set_filter_ip(&d->ops, d->from, 1, 0) != -ENOMEM)
			break;
		guard_pause(tries);
	}
}

/**
 * guard_watch_links() - have every driver's links checked, or no longer
 * @watch: which of the two
 *
 * Context: guard_param_lock held; sleeps, on the way back until no diverted
 * call is left.
 * Return: 0; -EBUSY if livepatch or the like has diverted a function already or
 * ftrace is switched off; what else ftrace says.
 */
static int guard_watch_links(bool watch)
{
	size_t n = 0;
	int r = 0;

	if (watch) {
		while (n < ARRAY_SIZE(guard_diversions)) {
			r = guard_start_diversion(&guard_diversions[n]);
			if (r)
				break;
			n++;
		}
		if (!r)
			return 0;
	} else {
		n = ARRAY_SIZE(guard_diversions);
	}

	while (n--)
		guard_end_diversion(&guard_diversions[n]);
	/* Those on their way in, then those inside, then those on the way out. */
	synchronize_rcu_tasks();
	synchronize_srcu(&guard_diverted);
	synchronize_rcu_tasks();
	return r;
}
#else
static int guard_watch_links(bool watch)
{
	return -EOPNOTSUPP;
}
#endif

/*
 * The first target of each table for each device is the one that checks it, on
 * load and on resume: a table of 10,000 segments pays once.  It is also the
 * first of them to be destroyed.
 */
struct guard_first {
	struct hlist_node bucket;
	struct dm_table *table;
	struct dm_dev *dev;
};

static DEFINE_HASHTABLE(guard_firsts, 8);
static DEFINE_SPINLOCK(guard_firsts_lock);

static bool guard_has_first(struct dm_table *table, struct dm_dev *dev,
			    unsigned long key)
{
	struct guard_first *first;
	bool found = false;

	spin_lock(&guard_firsts_lock);
	hash_for_each_possible(guard_firsts, first, bucket, key) {
		found = first->table == table && first->dev == dev;
		if (found)
			break;
	}
	spin_unlock(&guard_firsts_lock);
	return found;
}

/*
 * Make a target its table's first for a device, unless there is one: no other
 * is made for the table meanwhile, the constructors of which run one by one.
 */
static int guard_add_first(struct dm_table *table, struct guard_c *gc)
{
	unsigned long key = (unsigned long)table ^ (unsigned long)gc->dev;

	if (guard_has_first(table, gc->dev, key))
		return 0;

	gc->first = kzalloc_obj(*gc->first, GFP_NOIO);
	if (!gc->first)
		return -ENOMEM;
	gc->first->table = table;
	gc->first->dev = gc->dev;
	spin_lock(&guard_firsts_lock);
	hash_add(guard_firsts, &gc->first->bucket, key);
	spin_unlock(&guard_firsts_lock);
	return 0;
}

static void guard_del_first(struct guard_c *gc)
{
	if (!gc->first)
		return;
	spin_lock(&guard_firsts_lock);
	hash_del(&gc->first->bucket);
	spin_unlock(&guard_firsts_lock);
	kfree(gc->first);
}

/**
 * guard_get_device() - open the device that a table line names
 * @ti: target under construction
 * @path: path or "major:minor"
 * @dev: receives the device; to be released with dm_put_device()
 *
 * Newer kernels (6.12, 7.2) refuse the table's own device by themselves, and
 * all but 5.10 cannot open a mapped device before its first load: in both cases
 * the reason is lost, so it is looked up here to be told.  Where core does open
 * the device, guard_check() decides.
 *
 * Context: constructor; sleeps.
 * Return: 0, or a negative error code with ti->error set.
 */
static int guard_get_device(struct dm_target *ti, const char *path,
			    struct dm_dev **dev)
{
	dev_t devt;
	int r;

	guard_take_refusal();
	r = dm_get_device(ti, path, dm_table_get_mode(ti->table), dev);
	if (!r)
		return 0;

	ti->error = (char *)guard_take_refusal();
	if (ti->error)
		return r;

	if (!dm_devt_from_path(path, &devt) &&
	    devt == disk_devt(guard_own_disk(ti))) {
		guard_count(GUARD_REFUSED_SELF);
		guard_report("refusing", false, false, guard_own_disk(ti),
			     guard_disk_name(guard_own_disk(ti)), NULL, NULL);
		ti->error = GUARD_SELF_ERROR;
		return -EINVAL;
	}
	ti->error = "Device lookup failed";
	return r;
}

/**
 * guard_parse_sector() - read the offset of a table line
 * @ti: target under construction
 * @arg: decimal digits and nothing else
 * @sector: receives the offset, in sectors of 512 bytes
 *
 * Return: 0, or -EINVAL with ti->error set.
 */
static int guard_parse_sector(struct dm_target *ti, const char *arg,
			      sector_t *sector)
{
	if (arg[0] == '-' && isdigit(arg[1]))
		ti->error = "Device sector is negative";
	else if (!isdigit(arg[0]))
		ti->error = "Device sector is not a number";
	else if (arg[strspn(arg, "0123456789")])
		ti->error = "Garbage after device sector";
	else if (kstrtou64(arg, 10, sector))
		ti->error = "Device sector is too large";
	else
		return 0;
	return -EINVAL;
}

/**
 * guard_check_range() - refuse a range that the device below does not have
 * @ti: target under construction
 * @bdev: the device to map onto
 * @start: first sector of @bdev to be mapped; ti->len sectors are
 *
 * Core checks this when the table is resumed and leaves the device suspended
 * if it fails.  Here it is found while the live table still serves.
 *
 * A mapped device below is left to core: its own inactive table may be about
 * to make it larger, and tools load a whole stack before they resume it from
 * the bottom.  So is a device of size 0, which core lets pass.
 *
 * Context: constructor; may sleep.
 * Return: 0, or -EINVAL with ti->error set.
 */
static int guard_check_range(struct dm_target *ti, struct block_device *bdev,
			     sector_t start)
{
	sector_t size = bdev_nr_sectors(bdev);
	struct mapped_device *md = dm_get_md(bdev->bd_dev);

	if (md) {
		dm_put(md);
		return 0;
	}
	if (!size)
		return 0;
	if (start >= size || ti->len > size - start) {
		ti->error = "Range runs past the end of the device";
		return -EINVAL;
	}
	if ((start | ti->len) & ((bdev_logical_block_size(bdev) >> SECTOR_SHIFT) - 1)) {
		ti->error = "Range is not aligned to logical blocks";
		return -EINVAL;
	}
	return 0;
}

/*
 * Construct a linear mapping: <dev_path> <offset>
 *
 * <dev_path>: path of the device to map onto, or its "major:minor"
 * <offset>: its first sector to be mapped
 */
static int guard_ctr(struct dm_target *ti, unsigned int argc, char **argv)
{
	const char *error;
	struct guard_c *gc;
	sector_t start;
	int r;

	if (argc != 2) {
		ti->error = "Invalid argument count";
		return -EINVAL;
	}

	/* Another table's device may be suspended, and swap may be on it. */
	gc = kzalloc_obj(*gc, GFP_NOIO);
	if (!gc) {
		ti->error = "Cannot allocate linear context";
		return -ENOMEM;
	}

	r = guard_parse_sector(ti, argv[1], &start);
	if (r)
		goto bad_sector;

	r = guard_get_device(ti, argv[0], &gc->dev);
	if (r)
		goto bad_sector;

	gc->bdev = gc->dev->bdev;
	gc->delta = start - ti->begin;

	r = guard_add_first(ti->table, gc);
	if (r) {
		ti->error = "Cannot allocate linear context";
		goto bad_first;
	}
	if (gc->first) {
		r = guard_check(guard_own_disk(ti), gc->bdev, GUARD_LOAD, true,
				&error);
		if (r) {
			ti->error = (char *)error;
			goto bad_device;
		}
	}

	r = guard_check_range(ti, gc->bdev, start);
	if (r)
		goto bad_device;

	guard_set_num_bios(ti);
	ti->private = gc;
	return 0;

bad_device:
	guard_del_first(gc);
bad_first:
	dm_put_device(ti, gc->dev);
bad_sector:
	kfree(gc);
	return r;
}

static void guard_dtr(struct dm_target *ti)
{
	struct guard_c *gc = ti->private;

	guard_del_first(gc);
	dm_put_device(ti, gc->dev);
	kfree(gc);
}

static int guard_map(struct dm_target *ti, struct bio *bio)
{
	struct guard_c *gc = ti->private;

	/* In this order, there is nothing to save across the call. */
	if (guard_has_sector(bio))
		bio->bi_iter.bi_sector += gc->delta;
	guard_set_dev(bio, gc->bdev);

	return DM_MAPIO_REMAPPED;
}

/*
 * The device may have become a part of a loop since its table was loaded, by
 * another driver's load.  What is refused here stays suspended, until a table
 * that is not part of one is loaded and resumed.
 */
static int guard_preresume(struct dm_target *ti)
{
	struct guard_c *gc = ti->private;
	const char *error;

	if (!gc->first)
		return 0;
	return guard_check(guard_own_disk(ti), gc->bdev, GUARD_RESUME, true,
			   &error);
}

/*
 * A call that goes from device to device, down the stack, ends here while there
 * is a quarter of the kernel's stack left for the rest of it.  In a loop that
 * no load could be refused for, that is the end of it.
 */
static bool guard_recurses(void)
{
	unsigned long top = (unsigned long)__builtin_frame_address(0);

	if (likely(top - (unsigned long)end_of_stack(current) > THREAD_SIZE / 4))
		return false;
	guard_count(GUARD_ENDED_RECURSION);
	return true;
}

/*
 * Status: guarded
 * Table: <major:minor> <offset>
 * IMA: device_name=<major:minor>,start=<offset>
 */
static void guard_status(struct dm_target *ti, status_type_t type,
			 unsigned int status_flags, char *result,
			 unsigned int maxlen)
{
	struct guard_c *gc = ti->private;
	size_t sz = 0;

	switch ((int)type) {
	case STATUSTYPE_INFO:
		DMEMIT("guarded");
		break;

	case STATUSTYPE_TABLE:
		DMEMIT("%s %llu", gc->dev->name,
		       (unsigned long long)guard_start(ti));
		break;

	case STATUSTYPE_IMA:
		DMEMIT_TARGET_NAME_VERSION(ti->type);
		DMEMIT(",device_name=%s,start=%llu;", gc->dev->name,
		       (unsigned long long)guard_start(ti));
		break;
	}
}

static int guard_prepare_ioctl(struct dm_target *ti, struct block_device **bdev,
			       unsigned int cmd, unsigned long arg,
			       bool *forward)
{
	struct guard_c *gc = ti->private;

	if (guard_recurses())
		return -ELOOP;

	*bdev = gc->bdev;

	/*
	 * 1 makes core ask for CAP_SYS_RAWIO: whoever may use a part of a
	 * device is not thereby allowed to command the whole.
	 */
	return guard_start(ti) || ti->len != bdev_nr_sectors(gc->bdev);
}

#ifdef CONFIG_BLK_DEV_ZONED
static int guard_report_zones(struct dm_target *ti,
			      struct dm_report_zones_args *args,
			      unsigned int nr_zones)
{
	struct guard_c *gc = ti->private;

	if (guard_recurses())
		return -ELOOP;

	return dm_report_zones(gc->bdev, guard_start(ti),
			       args->next_sector + gc->delta, args, nr_zones);
}
#else
#define guard_report_zones NULL
#endif

static int guard_iterate_devices(struct dm_target *ti,
				 iterate_devices_callout_fn fn, void *data)
{
	struct guard_c *gc = ti->private;

	/* Any answer but 0 means that the device cannot do what is asked for. */
	if (GUARD_DAX_PROBE_RECURSES && guard_recurses())
		return 1;

	return fn(ti, gc->dev, guard_start(ti), ti->len, data);
}

#ifndef GUARD_DAX_HOOKS
#if IS_ENABLED(CONFIG_FS_DAX)
/* Turn the target's page into the page of the DAX device below. */
static struct dax_device *guard_dax_pgoff(struct dm_target *ti, pgoff_t *pgoff)
{
	struct guard_c *gc = ti->private;
	sector_t sector = gc->delta + ((sector_t)*pgoff << PAGE_SECTORS_SHIFT);

	*pgoff = (get_start_sect(gc->bdev) + sector) >> PAGE_SECTORS_SHIFT;
	return gc->dev->dax_dev;
}

static long guard_dax_direct_access(struct dm_target *ti, pgoff_t pgoff,
				    long nr_pages, enum dax_access_mode mode,
				    void **kaddr, guard_pfn_t *pfn)
{
	struct dax_device *dax_dev = guard_dax_pgoff(ti, &pgoff);

	return dax_direct_access(dax_dev, pgoff, nr_pages, mode, kaddr, pfn);
}

static int guard_dax_zero_page_range(struct dm_target *ti, pgoff_t pgoff,
				     size_t nr_pages)
{
	struct dax_device *dax_dev = guard_dax_pgoff(ti, &pgoff);

	return dax_zero_page_range(dax_dev, pgoff, nr_pages);
}

static size_t guard_dax_recovery_write(struct dm_target *ti, pgoff_t pgoff,
				       void *addr, size_t bytes,
				       struct iov_iter *i)
{
	struct dax_device *dax_dev = guard_dax_pgoff(ti, &pgoff);

	return dax_recovery_write(dax_dev, pgoff, addr, bytes, i);
}
#else
#define guard_dax_direct_access NULL
#define guard_dax_zero_page_range NULL
#define guard_dax_recovery_write NULL
#endif

#define GUARD_DAX_HOOKS							\
	.direct_access		= guard_dax_direct_access,		\
	.dax_zero_page_range	= guard_dax_zero_page_range,		\
	.dax_recovery_write	= guard_dax_recovery_write
#endif

/*
 * Always there, under a name of its own.  The version is that of the kernel's
 * own target, as tools and IMA's measurements show it: 1.5 came with atomic
 * writes.
 */
static struct target_type guard_target = {
	.name			= "linear-guard",
	.version		= {1, DM_TARGET_ATOMIC_WRITES ? 5 : 4, 0},
	.features		= DM_TARGET_PASSES_INTEGRITY |
				  DM_TARGET_NOWAIT | DM_TARGET_ZONED_HM |
				  DM_TARGET_PASSES_CRYPTO |
				  DM_TARGET_ATOMIC_WRITES,
	.module			= THIS_MODULE,
	.ctr			= guard_ctr,
	.dtr			= guard_dtr,
	.map			= guard_map,
	.preresume		= guard_preresume,
	.status			= guard_status,
	.prepare_ioctl		= GUARD_PREPARE_IOCTL,
	.report_zones		= guard_report_zones,
	.iterate_devices	= guard_iterate_devices,
	GUARD_DAX_HOOKS,
};

/* The same under the name "linear", registered while takeover is on. */
static struct target_type guard_linear_target;

/*
 * Serialises what the parameters do.  A parameter can be written before init,
 * after exit, and by several at once; outside init...exit it may only be
 * remembered.  Outside device-mapper's own locks.
 */
static DEFINE_MUTEX(guard_param_lock);
static bool guard_takeover = true;	/* what the parameter asks for */
static bool guard_registered;		/* is guard_linear_target */
static bool guard_scope_all;		/* what the parameter asks for */
static bool guard_watching;		/* every driver's links */
static bool guard_running;		/* between init and exit */

/**
 * guard_serve_linear() - start or stop to serve the name "linear"
 * @serve: which of the two
 *
 * The stock target cannot be unregistered, and a second one of a name cannot
 * be registered.  But a look-up takes the newest entry whose name matches: a
 * type registered under another name serves this one from the moment that its
 * name pointer says so.  The stock entry stays where it is, so at any moment
 * one or the other is found.  (On rmmod ours is found and refused between the
 * kernel's decision and guard_exit(); core then calls modprobe and looks again.
 * Turning takeover off first leaves no such moment.)
 *
 * Tables keep the type that they were loaded with, and with it their name,
 * whatever is registered later.  Only while the type is being registered
 * again can another process see tables of ours under the placeholder.
 *
 * Context: guard_param_lock held; sleeps.
 * Return: 0, or what dm_register_target() says.
 */
static int guard_serve_linear(bool serve)
{
	int r;

	if (serve == guard_registered)
		return 0;

	if (serve) {
		WRITE_ONCE(guard_linear_target.name, "linear (guard)");
		r = dm_register_target(&guard_linear_target);
		WRITE_ONCE(guard_linear_target.name, "linear");
		if (r) {
			DMERR("cannot serve \"linear\": %d", r);
			return r;
		}
	} else {
		dm_unregister_target(&guard_linear_target);
	}

	guard_registered = serve;
	DMINFO("new \"linear\" tables go to the %s target",
	       serve ? "guarded" : "stock");
	return 0;
}

static int guard_set_takeover(const char *val, const struct kernel_param *kp)
{
	/* "takeover" alone on the command line means on, as for any bool. */
	bool takeover = true;
	int r = val ? kstrtobool(val, &takeover) : 0;

	if (r)
		return r;

	mutex_lock(&guard_param_lock);
	if (guard_running)
		r = guard_serve_linear(takeover);
	if (!r)
		guard_takeover = takeover;
	mutex_unlock(&guard_param_lock);
	return r;
}

static const struct kernel_param_ops guard_takeover_ops = {
	.flags = KERNEL_PARAM_OPS_FL_NOARG,
	.set = guard_set_takeover,
	.get = param_get_bool,
};

module_param_cb(takeover, &guard_takeover_ops, &guard_takeover, 0644);
__MODULE_PARM_TYPE(takeover, "bool");
MODULE_PARM_DESC(takeover, "Serve new \"linear\" tables in place of the stock target (default: Y)");

/* Check the loads of every driver, or of our own target alone. */
static int guard_apply_scope(bool all)
{
	int r;

	if (all == guard_watching)
		return 0;

	r = guard_watch_links(all);
	if (r == -EOPNOTSUPP) {
		DMERR("scope=all needs a kernel whose ftrace can divert calls");
		return r;
	}
	if (r == -EBUSY) {
		DMERR("scope=all: ftrace is off, or others divert (livepatch?)");
		return r;
	}
	if (r) {
		DMERR("scope=all: ftrace says %d", r);
		return r;
	}

	guard_watching = all;
	DMINFO("the loads of %s are checked",
	       all ? "every driver" : "linear targets only");
	return 0;
}

static int guard_set_scope(const char *val, const struct kernel_param *kp)
{
	bool all;
	int r = 0;

	if (sysfs_streq(val, "all"))
		all = true;
	else if (sysfs_streq(val, "linear"))
		all = false;
	else
		return -EINVAL;

	mutex_lock(&guard_param_lock);
	if (guard_running)
		r = guard_apply_scope(all);
	if (!r)
		guard_scope_all = all;
	mutex_unlock(&guard_param_lock);
	return r;
}

static int guard_get_scope(char *buffer, const struct kernel_param *kp)
{
	return sprintf(buffer, "%s\n", guard_scope_all ? "all" : "linear");
}

static const struct kernel_param_ops guard_scope_ops = {
	.set = guard_set_scope,
	.get = guard_get_scope,
};

module_param_cb(scope, &guard_scope_ops, NULL, 0644);
__MODULE_PARM_TYPE(scope, "charp");
MODULE_PARM_DESC(scope, "Whose loads are checked: \"linear\" targets or those of \"all\" drivers (default: linear)");

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
MODULE_PARM_DESC(max_depth, "How many devices may stand one on another, 1 to 64 (default: 32)");

static int guard_get_count(char *buffer, const struct kernel_param *kp)
{
	return sprintf(buffer, "%d\n", atomic_read(kp->arg));
}

static const struct kernel_param_ops guard_count_ops = {
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
MODULE_PARM_DESC(recursions_ended, "Calls from device to device, ended before the stack was");

module_param_cb(not_refused, &guard_count_ops,
		&guard_events[GUARD_UNREFUSED], 0444);
MODULE_PARM_DESC(not_refused, "Loops and stacks of drivers that cannot be refused");

static int __init guard_mount_sysfs(void)
{
	struct file_system_type *type = get_fs_type("sysfs");

	if (!type)
		return -ENODEV;
	guard_sysfs = kern_mount(type);
	module_put(type->owner);
	return PTR_ERR_OR_ZERO(guard_sysfs);
}

static int __init guard_init(void)
{
	int r;

	guard_linear_target = guard_target;

	r = init_srcu_struct(&guard_diverted);
	if (r)
		return r;

	guard_cred = prepare_kernel_cred(&init_task);
	if (!guard_cred) {
		r = -ENOMEM;
		goto bad_cred;
	}

	r = guard_mount_sysfs();
	if (r) {
		DMERR("cannot read sysfs: %d", r);
		goto bad_sysfs;
	}

	r = dm_register_target(&guard_target);
	if (r) {
		DMERR("cannot register \"%s\": %d", guard_target.name, r);
		goto bad_target;
	}

	/* A table can be loaded by now, so that init must not fail any more. */
	mutex_lock(&guard_param_lock);
	if (guard_serve_linear(guard_takeover))
		guard_takeover = false;
	if (guard_apply_scope(guard_scope_all))
		guard_scope_all = false;
	guard_running = true;
	mutex_unlock(&guard_param_lock);
	return 0;

bad_target:
	kern_unmount(guard_sysfs);
bad_sysfs:
	put_cred(guard_cred);
bad_cred:
	cleanup_srcu_struct(&guard_diverted);
	return r;
}

static void __exit guard_exit(void)
{
	mutex_lock(&guard_param_lock);
	guard_running = false;
	/* First, as by now nobody gets a table of ours. */
	guard_serve_linear(false);
	guard_apply_scope(false);
	mutex_unlock(&guard_param_lock);

	dm_unregister_target(&guard_target);
	kern_unmount(guard_sysfs);
	put_cred(guard_cred);
	cleanup_srcu_struct(&guard_diverted);
}

module_init(guard_init);
module_exit(guard_exit);

MODULE_DESCRIPTION(DM_NAME " linear target that cannot be made to loop");
MODULE_AUTHOR("The dm-linear-guard developers");
MODULE_VERSION(DM_LINEAR_GUARD_VERSION);
MODULE_LICENSE("GPL");
