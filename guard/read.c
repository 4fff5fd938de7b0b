// SPDX-License-Identifier: GPL-2.0-only
/*
 * Links that the kernel has made, read from sysfs' tree.
 *
 * Copyright (C) 2026 The dm-linear-guard developers
 *
 * "slaves" of a disk has a link for each device that it is stacked on, named as
 * the device is.  There is no list to be had of them, but a name can be looked
 * up: kernfs_find_and_get() has no path, no inode and no file.  It waits for
 * kernfs' lock, as everybody does who adds or removes a device, a link or a
 * module.  Up to 6.12 nobody can hold that for long; on 7.2 and 7.3 a user can,
 * who reads any directory of sysfs into memory whose page fault they do not
 * answer.  So no resume comes here, a load only where calls are not diverted, and
 * the unlink of a pair only if it was linked before links were watched.
 */

#include <linux/device.h>
#include <linux/kernfs.h>
#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "read.h"

/*
 * What all block devices are in; there for as long as the kernel is.  It was not
 * constant in 5.10 and 6.1.
 */
static typeof(((struct device *)NULL)->class) guard_class;

/*
 * A block device, as it was when the class was read.
 *
 * @list: in the reading
 * @queue: in the queue of a walk, else empty
 * @id: of its disk; an address is compared only
 * @node: its own directory, compared only
 * @dir: its directory, or NULL if it is a partition, or is busy, or has gone
 * @slaves: its directory of slaves, or NULL if it has none
 * @dev: its number
 * @partition: it is one
 * @unknown: what it is stacked on is not known: it is busy, or its first load was
 *	     about to link it, perhaps
 * @held: something is perhaps stacked on it
 * @below: it was come to on the way down
 * @above: it was come to on the way up
 * @disk_name: what the log calls its disk
 * @name: in sysfs
 */
struct guard_seen {
	struct list_head list;
	struct list_head queue;
	struct guard_id id;
	const struct kernfs_node *node;
	struct kernfs_node *dir;
	struct kernfs_node *slaves;
	dev_t dev;
	bool partition;
	bool unknown;
	bool held;
	bool below;
	bool above;
	char disk_name[DISK_NAME_LEN];
	char name[];
};

/* What comes of a disk that is perhaps stacked on others, and is busy. */
enum guard_busy {
	GUARD_BUSY_WAIT,	/* it is waited for */
	GUARD_BUSY_FAIL,	/* nothing is read */
	GUARD_BUSY_PASS		/* what it is stacked on is not known */
};

/*
 * All block devices.
 *
 * @devices: of them
 * @busy: what to do about those that are
 */
struct guard_reading {
	struct list_head devices;
	enum guard_busy busy;
};

static bool guard_is_empty(const struct kernfs_node *dir)
{
	return RB_EMPTY_ROOT(&dir->dir.children);
}

/* Is there a link of that name, and to that directory? */
static bool guard_has_link(struct kernfs_node *dir, const char *name,
			   const struct kernfs_node *target)
{
	struct kernfs_node *link = kernfs_find_and_get(dir, name);
	bool has;

	if (!link)
		return false;
	/* A device that has gone may not know its directory any more. */
	has = kernfs_type(link) == KERNFS_LINK &&
		(!target || link->symlink.target_kn == target);
	kernfs_put(link);
	return has;
}

/* A directory that a disk has for links, unless that is empty or not there. */
static struct kernfs_node *guard_links(struct kernfs_node *dir, const char *name)
{
	struct kernfs_node *links = kernfs_find_and_get(dir, name);

	if (links && (kernfs_type(links) != KERNFS_DIR || guard_is_empty(links))) {
		kernfs_put(links);
		links = NULL;
	}
	return links;
}

static void guard_free_seen(struct guard_seen *seen)
{
	kernfs_put(seen->slaves);
	kernfs_put(seen->dir);
	kfree(seen);
}

/*
 * From 6.1 on, the first load of a mapped device adds the disk, then links it to
 * its slaves, then adds "dm" to it.
 */
static bool guard_is_being_linked(struct guard_seen *seen)
{
	struct kernfs_node *dm;

	if (!GUARD_LINKS_LATE || !seen->id.slots || !seen->dir)
		return false;
	dm = kernfs_find_and_get(seen->dir, "dm");
	kernfs_put(dm);
	return !dm;
}

/* Called for each device of the class, which is pinned meanwhile. */
static int guard_see(struct device *dev, void *data)
{
	struct gendisk *disk = guard_device_disk(dev);
	struct guard_reading *reading = data;
	size_t size = strlen(dev_name(dev)) + 1;
	struct guard_seen *seen;
	bool stacked, wait;
	int r;

	if (fatal_signal_pending(current))
		return -EINTR;
	cond_resched();

	seen = kzalloc(struct_size(seen, name, size), GFP_KERNEL);
	if (!seen)
		return -ENOMEM;
	strscpy(seen->name, dev_name(dev), size);
	INIT_LIST_HEAD(&seen->queue);
	seen->node = dev->kobj.sd;
	seen->dev = dev->devt;
	seen->id.disk = disk;
	seen->partition = guard_is_partition(dev);
	seen->held = true;
	if (!seen->partition) {
		strscpy(seen->disk_name, disk->disk_name,
			sizeof(seen->disk_name));
		seen->id = guard_id_of(disk);
		seen->id.name = seen->disk_name;
		/* No longer than the class is being read. */
		seen->id.held = false;
		stacked = guard_may_have_slaves(disk);
		wait = reading->busy == GUARD_BUSY_WAIT;
		r = guard_disk_dir(disk, wait && stacked, &seen->dir);
		/* One that is stacked on nothing need not be asked. */
		if (r == -EBUSY && !stacked && (wait || !seen->id.slots)) {
			r = 0;
		} else if (r == -EBUSY && reading->busy == GUARD_BUSY_PASS) {
			seen->unknown = true;
			r = 0;
		}
		if (r) {
			guard_free_seen(seen);
			return r;
		}
		if (guard_is_being_linked(seen))
			seen->unknown = true;
	}
	list_add_tail(&seen->list, &reading->devices);
	return 0;
}

static void guard_see_links(struct guard_seen *seen)
{
	struct kernfs_node *holders;

	if (!seen->dir)
		return;
	seen->slaves = guard_links(seen->dir, "slaves");
	holders = guard_links(seen->dir, "holders");
	seen->held = holders;
	kernfs_put(holders);
}

static void guard_free_reading(struct guard_reading *reading)
{
	struct guard_seen *seen, *next;

	list_for_each_entry_safe(seen, next, &reading->devices, list)
		guard_free_seen(seen);
}

/*
 * Links are looked for only after all devices were seen: those of a device that
 * was not being linked are complete by then, wherever in the class it comes.
 */
static int guard_take_reading(struct guard_reading *reading,
			      enum guard_busy busy)
{
	struct guard_seen *seen;
	int r;

	INIT_LIST_HEAD(&reading->devices);
	reading->busy = busy;
	r = class_for_each_device(guard_class, NULL, reading, guard_see);
	if (r) {
		guard_free_reading(reading);
		return r;
	}
	list_for_each_entry(seen, &reading->devices, list) {
		guard_see_links(seen);
		cond_resched();
	}
	return 0;
}

static struct guard_seen *guard_seen_disk(struct guard_reading *reading,
					  const void *disk)
{
	struct guard_seen *seen;

	list_for_each_entry(seen, &reading->devices, list)
		if (!seen->partition && seen->id.disk == disk)
			return seen;
	return NULL;
}

/* The edge from a disk to a device, if its own disk was seen as well. */
static bool guard_seen_pair(struct guard_reading *reading,
			    struct guard_seen *holder, struct guard_seen *slave,
			    struct guard_pair *pair)
{
	struct guard_seen *disk = slave->partition ?
		guard_seen_disk(reading, slave->id.disk) : slave;

	if (!disk)
		return false;
	pair->holder = holder->id;
	pair->slave = disk->id;
	pair->dev = slave->dev;
	return true;
}

/*
 * As long as only the kernel knows if a pair is linked, ask it, and believe it
 * if nothing was linked or unlinked meanwhile.
 */
static void guard_read_doubt(struct guard_graph *graph,
			     const struct guard_pair *pair,
			     struct kernfs_node *slaves, const char *name,
			     const struct kernfs_node *target)
{
	unsigned int changes;

	while (guard_graph_doubts(graph, pair, &changes)) {
		if (slaves && guard_has_link(slaves, name, target))
			return;
		if (guard_graph_gone(graph, pair, changes))
			return;
		cond_resched();
	}
}

static const struct guard_question guard_no_question;

/* Add an edge if its link is there, and leave it only if it still is. */
static int guard_read_pair(struct guard_graph *graph,
			   struct guard_reading *reading,
			   struct guard_seen *holder, struct guard_seen *slave)
{
	enum guard_verdict verdict;
	struct guard_pair pair;
	int r;

	if (!guard_has_link(holder->slaves, slave->name, slave->node) ||
	    !guard_seen_pair(reading, holder, slave, &pair))
		return 0;
	r = guard_graph_add(graph, &pair, GUARD_FOUND, &guard_no_question, false,
			    GFP_KERNEL, &verdict);
	if (r)
		return r;
	guard_read_doubt(graph, &pair, holder->slaves, slave->name, slave->node);
	return 1;
}

/**
 * guard_read_all() - add all links that there are
 * @graph: where; links and unlinks are told to it already
 *
 * A link that is gone before it was added is looked up once more, so that none
 * stays.  One that comes later is told to the graph by the task that links.
 *
 * Context: loading the module or changing its parameters; sleeps.  Can wait for
 * guard_disk_dir() and for kernfs' lock, see above; only others who change
 * parameters wait for us.
 * Return: 0; -EINTR if the task is being killed; -ENOMEM.
 */
int guard_read_all(struct guard_graph *graph)
{
	struct guard_seen *holder, *slave;
	struct guard_reading reading;
	int r;

	r = guard_take_reading(&reading, GUARD_BUSY_WAIT);
	if (r)
		return r;
	list_for_each_entry(holder, &reading.devices, list) {
		if (!holder->slaves)
			continue;
		list_for_each_entry(slave, &reading.devices, list) {
			if (!slave->held)
				continue;
			if (fatal_signal_pending(current)) {
				r = -EINTR;
				goto out;
			}
			r = guard_read_pair(graph, &reading, holder, slave);
			if (r < 0)
				goto out;
			cond_resched();
		}
	}
	r = 0;
out:
	guard_free_reading(&reading);
	return r;
}

/* Each device is visited once, if it was seen at all. */
static void guard_come_to(struct guard_seen *seen, struct list_head *queue,
			  bool up)
{
	if (!seen || (up ? seen->above : seen->below))
		return;
	if (up)
		seen->above = true;
	else
		seen->below = true;
	list_add_tail(&seen->queue, queue);
}

static struct guard_seen *guard_next(struct list_head *queue)
{
	struct guard_seen *seen;

	seen = list_first_entry_or_null(queue, struct guard_seen, queue);
	if (seen)
		list_del_init(&seen->queue);
	return seen;
}

static int guard_read_down(struct guard_graph *graph,
			   struct guard_reading *reading, const void *start)
{
	struct guard_seen *seen, *slave;
	LIST_HEAD(queue);
	int r;

	guard_come_to(guard_seen_disk(reading, start), &queue, false);
	while ((seen = guard_next(&queue))) {
		if (seen->unknown)
			return -EAGAIN;
		if (!seen->slaves)
			continue;
		list_for_each_entry(slave, &reading->devices, list) {
			if (!slave->held)
				continue;
			r = guard_read_pair(graph, reading, seen, slave);
			if (r < 0)
				return r;
			if (r)
				guard_come_to(guard_seen_disk(reading,
							      slave->id.disk),
					      &queue, false);
		}
		cond_resched();
	}
	return 0;
}

static int guard_read_up(struct guard_graph *graph,
			 struct guard_reading *reading, const void *start)
{
	struct guard_seen *seen, *holder, *slave;
	LIST_HEAD(queue);
	int r;

	guard_come_to(guard_seen_disk(reading, start), &queue, true);
	while ((seen = guard_next(&queue))) {
		/* The disk and its partitions. */
		list_for_each_entry(slave, &reading->devices, list) {
			if (slave->id.disk != seen->id.disk || !slave->held)
				continue;
			list_for_each_entry(holder, &reading->devices, list) {
				if (!holder->slaves)
					continue;
				r = guard_read_pair(graph, reading, holder,
						    slave);
				if (r < 0)
					return r;
				if (r)
					guard_come_to(holder, &queue, true);
			}
			cond_resched();
		}
	}
	return 0;
}

/**
 * guard_read_around() - add the links below a device and above a disk
 * @graph: where; nobody else uses it
 * @disk: the disk
 * @bdev: the device
 * @pass: do without what busy disks are stacked on that are not below the device.
 *	  One of them can be above the disk, which then seems to be less deep.
 *
 * Links that were complete when it was called are seen, later ones can be.  Its
 * cost is linear in the number of block devices, for each device of the stack.
 *
 * Context: constructor, where calls cannot be diverted; sleeps.  Can wait for
 * kernfs' lock, also where a stock load does not: if another table of the disk has
 * the device open already.
 * Return: 0; -EAGAIN if a device below is about to be linked, or is busy, or,
 * without @pass, any disk is that is perhaps stacked on others; -EINTR if the task
 * is being killed; -ENOMEM.
 */
int guard_read_around(struct guard_graph *graph, struct gendisk *disk,
		      struct block_device *bdev, bool pass)
{
	struct guard_reading reading;
	int r;

	r = guard_take_reading(&reading, pass ? GUARD_BUSY_PASS : GUARD_BUSY_FAIL);
	if (r)
		return r == -EBUSY ? -EAGAIN : r;
	r = guard_read_down(graph, &reading, bdev->bd_disk) ?:
		guard_read_up(graph, &reading, disk);
	guard_free_reading(&reading);
	return r;
}

/**
 * guard_read_unlinked() - a pair was unlinked; find out if it still is linked
 * @graph: where
 * @disk: the holder, whose directory of slaves the kernel has just been in
 * @bdev: the slave
 *
 * The kernel counts links, and those made before the graph was watched were not
 * counted here.  Does nothing for others.
 *
 * Context: sleeps.  Can wait for kernfs' lock, as the kernel itself does when it
 * removes a link; what a device's last unlink keeps waiting is being destroyed.
 */
void guard_read_unlinked(struct guard_graph *graph, struct gendisk *disk,
			 struct block_device *bdev)
{
	struct guard_pair pair = guard_pair_of(disk, bdev);
	struct device *dev = guard_bdev_device(bdev);
	struct kernfs_node *slaves = NULL;
	unsigned int changes;

	if (!guard_graph_doubts(graph, &pair, &changes))
		return;
	if (disk->slave_dir) {
		slaves = disk->slave_dir->sd;
		kernfs_get(slaves);
	}
	guard_read_doubt(graph, &pair, slaves, dev_name(dev), dev->kobj.sd);
	kernfs_put(slaves);
}

/**
 * guard_read_link() - are these two linked
 * @disk: the holder; added, and held
 * @bdev: the slave; open
 *
 * Context: constructor on 5.10, where calls cannot be diverted; sleeps.
 */
bool guard_read_link(struct gendisk *disk, struct block_device *bdev)
{
	struct device *dev = guard_bdev_device(bdev);

	return disk->slave_dir && disk->slave_dir->sd &&
		guard_has_link(disk->slave_dir->sd, dev_name(dev), dev->kobj.sd);
}

/**
 * guard_read_init() - find the class of block devices
 *
 * Return: 0, or -ENOMEM.
 */
int __init guard_read_init(void)
{
	struct gendisk *disk = guard_spare_disk();

	if (IS_ERR(disk))
		return PTR_ERR(disk);
	guard_class = disk_to_dev(disk)->class;
	put_disk(disk);
	return 0;
}
