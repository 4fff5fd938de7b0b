// SPDX-License-Identifier: GPL-2.0-only
/*
 * dm-linear-guard: a device-mapper linear target that refuses loops.
 *
 * Copyright (C) 2026 The dm-linear-guard developers
 *
 * Forwards I/O exactly as the stock linear target does, takes over its name on a
 * running system, and refuses a table that closes a loop of devices, or makes a
 * stack of them too deep, when the table is loaded, before anything can
 * circulate in it.  This file is the target and the module; guard/check.h has what
 * is refused, and guard/divert.h what makes it hold for other drivers.
 */

#include <linux/atomic.h>
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/ctype.h>
#include <linux/dax.h>
#include <linux/debugfs.h>
#include <linux/device-mapper.h>
#include <linux/init.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/thread_info.h>

#include "dm-linear-guard.h"
#include "guard/check.h"
#include "guard/divert.h"
#include "guard/report.h"

#define DM_MSG_PREFIX "linear-guard"

/* The offset of a table line, in sectors of 512 bytes: digits and nothing else. */
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

/* @what: the number of sectors that has to be a multiple of a logical block */
static bool guard_is_aligned(struct dm_target *ti, struct block_device *bdev,
			     const char *what, sector_t sectors)
{
	unsigned int block = bdev_logical_block_size(bdev);

	if (!(sectors & ((block >> SECTOR_SHIFT) - 1)))
		return true;
	ti->error = "Range is not aligned to logical blocks";
	DMERR_LIMIT("%s: %s=%llu not aligned to h/w logical block size %u of %pg",
		    dm_device_name(dm_table_get_md(ti->table)), what,
		    (unsigned long long)sectors, block, bdev);
	return false;
}

/*
 * Refuse a range that the device below does not have: ti->len sectors from @start.
 *
 * Core checks this when a device's first table is loaded.  Later tables it checks
 * when they are resumed, and leaves the device suspended if that fails.  Here it
 * is found while the live table still serves.
 *
 * A mapped device below is left to core: its own inactive table may be about
 * to make it larger, and tools load a whole stack before they resume it from
 * the bottom.  (An md array grows at once.)  So is a device of size 0, which
 * core lets pass.
 */
static int guard_check_range(struct dm_target *ti, struct block_device *bdev,
			     sector_t start)
{
	sector_t size = bdev_nr_sectors(bdev);

	if (!size || guard_is_mapped(bdev->bd_disk))
		return 0;
	if (start >= size || ti->len > size - start) {
		ti->error = "Range runs past the end of the device";
		DMERR_LIMIT("%s: %pg too small for target: start=%llu, len=%llu, dev_size=%llu",
			    dm_device_name(dm_table_get_md(ti->table)), bdev,
			    (unsigned long long)start,
			    (unsigned long long)ti->len,
			    (unsigned long long)size);
		return -EINVAL;
	}
	if (!guard_is_aligned(ti, bdev, "start", start) ||
	    !guard_is_aligned(ti, bdev, "len", ti->len))
		return -EINVAL;
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

	r = guard_check_open(ti, argv[0], &gc->dev, &gc->use);
	if (r)
		goto bad_sector;

	gc->bdev = gc->dev->bdev;
	gc->delta = start - ti->begin;

	r = guard_check_range(ti, gc->bdev, start);
	if (r)
		goto bad_range;

	guard_set_num_bios(ti);
	ti->private = gc;
	return 0;

bad_range:
	guard_check_close(ti, gc->dev, gc->use);
bad_sector:
	kfree(gc);
	return r;
}

static void guard_dtr(struct dm_target *ti)
{
	struct guard_c *gc = ti->private;

	guard_check_close(ti, gc->dev, gc->use);
	kfree(gc);
}

static int guard_map(struct dm_target *ti, struct bio *bio)
{
	struct guard_c *gc = ti->private;

	/* In this order, there is nothing to save across the call. */
	if (guard_has_sector(bio))
		bio->bi_iter.bi_sector += gc->delta;
	bio_set_dev(bio, gc->bdev);

	return DM_MAPIO_REMAPPED;
}

/* What is refused here stays suspended, until another table is resumed. */
static int guard_preresume(struct dm_target *ti)
{
	struct guard_c *gc = ti->private;

	return guard_check_resume(gc->use);
}

/* By now no target of the table has refused to be resumed. */
static void guard_resume(struct dm_target *ti)
{
	struct guard_c *gc = ti->private;

	guard_check_resumed(gc->use);
}

static void guard_presuspend(struct dm_target *ti)
{
	struct guard_c *gc = ti->private;

	guard_check_suspending(gc->use);
}

static void guard_postsuspend(struct dm_target *ti)
{
	struct guard_c *gc = ti->private;

	guard_check_suspend(gc->use);
}

/*
 * A call that goes from device to device, down the stack, ends here while there
 * is a quarter of the kernel's stack left for the rest of it.  In a loop that
 * no load could be refused for, that is the end of it.
 */
static bool guard_recurses(void)
{
	/* A task's stack ends at a multiple of its size. */
	static_assert(!IS_ENABLED(CONFIG_STACK_GROWSUP));
	static_assert(THREAD_ALIGN % THREAD_SIZE == 0);
	static_assert(!(THREAD_SIZE & (THREAD_SIZE - 1)));

	if (likely(guard_stack_pointer() & (THREAD_SIZE - THREAD_SIZE / 4)))
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

	/*
	 * What core does with persistent reservations, keys of inline encryption and
	 * unique IDs goes down the stack by this hook, as did 5.10's probe for DAX.
	 * From 6.1 on core ignores the error of a reservation, which then seems to
	 * have been made.
	 */
	if (guard_recurses())
		return -ELOOP;

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

	if (guard_recurses())
		return -ELOOP;

	return dax_direct_access(dax_dev, pgoff, nr_pages, mode, kaddr, pfn);
}

static int guard_dax_zero_page_range(struct dm_target *ti, pgoff_t pgoff,
				     size_t nr_pages)
{
	struct dax_device *dax_dev = guard_dax_pgoff(ti, &pgoff);

	if (guard_recurses())
		return -ELOOP;

	return dax_zero_page_range(dax_dev, pgoff, nr_pages);
}

static size_t guard_dax_recovery_write(struct dm_target *ti, pgoff_t pgoff,
				       void *addr, size_t bytes,
				       struct iov_iter *i)
{
	struct dax_device *dax_dev = guard_dax_pgoff(ti, &pgoff);

	if (guard_recurses())
		return 0;

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
 * Always there, under a name of its own.  The version is that of the stock
 * target, as tools and IMA's measurements show it: 1.5 came with atomic
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
	.presuspend		= guard_presuspend,
	.postsuspend		= guard_postsuspend,
	.preresume		= guard_preresume,
	.resume			= guard_resume,
	.status			= guard_status,
	.prepare_ioctl		= GUARD_PREPARE_IOCTL,
	.report_zones		= guard_report_zones,
	.iterate_devices	= guard_iterate_devices,
	GUARD_DAX_HOOKS,
};

/* The same named "linear", registered while takeover is on. */
static struct target_type guard_linear_target;

/* 7.3's list of targets can measure one name and copy the other: both have one size. */
#define GUARD_PLACEHOLDER "linear (guard)"
static const char guard_linear_name[sizeof(GUARD_PLACEHOLDER)] = "linear";

/*
 * Serialises what the parameters do, outside device-mapper's own locks; outside
 * init...exit they may only be remembered.  Held while links are read and while
 * diverted calls end, which can take as long as opening a disk does: no load, no
 * resume and no I/O waits for it.
 */
static DEFINE_MUTEX(guard_param_lock);
static bool guard_takeover = true;	/* what the parameter asks for */
static bool guard_registered;		/* is guard_linear_target */
static bool guard_divert = true;	/* what the parameter asks for */
static bool guard_diverting;		/* are the kernel's functions */
static bool guard_running;		/* between init and exit */

/*
 * Who reads any parameter waits for a lock that core has taken before it called us,
 * and is not to wait for what we do.
 */
static void guard_lock_params(void)
{
	kernel_param_unlock(THIS_MODULE);
	mutex_lock(&guard_param_lock);
}

static void guard_unlock_params(void)
{
	mutex_unlock(&guard_param_lock);
	kernel_param_lock(THIS_MODULE);
}

/*
 * Start or stop to serve the name "linear".
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
 * Context: guard_param_lock held; sleeps while others look up or list targets.
 */
static int guard_serve_linear(bool serve)
{
	int r;

	if (serve == guard_registered)
		return 0;

	if (serve) {
		WRITE_ONCE(guard_linear_target.name, GUARD_PLACEHOLDER);
		r = dm_register_target(&guard_linear_target);
		WRITE_ONCE(guard_linear_target.name, guard_linear_name);
		if (r) {
			DMERR("cannot serve \"linear\": %d", r);
			return r;
		}
	} else {
		dm_unregister_target(&guard_linear_target);
	}

	guard_registered = serve;
	DMINFO("new \"linear\" tables are served by the %s",
	       serve ? "guard" : "stock target");
	return 0;
}

static int guard_set_takeover(const char *val, const struct kernel_param *kp)
{
	/* "takeover" alone on the command line means on, as for any bool. */
	bool takeover = true;
	int r = val ? kstrtobool(val, &takeover) : 0;

	if (r)
		return r;

	guard_lock_params();
	if (guard_running)
		r = guard_serve_linear(takeover);
	if (!r)
		guard_takeover = takeover;
	guard_unlock_params();
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

/* @what: the parameter that asks for it */
static int guard_start_diverting(const char *what)
{
	int r;

	if (guard_diverting)
		return 0;

	r = guard_divert_start();
	if (r)
		DMERR("%s: %s: %d", what, guard_divert_why_not(r), r);
	guard_diverting = !r;
	return r;
}

static void guard_stop_diverting(void)
{
	if (guard_diverting)
		guard_divert_stop();
	guard_diverting = false;
}

static int guard_set_divert(const char *val, const struct kernel_param *kp)
{
	bool divert = true;
	int r = val ? kstrtobool(val, &divert) : 0;

	if (r)
		return r;

	guard_lock_params();
	if (guard_running && !divert && guard_scope_all) {
		DMERR("divert=N needs scope=linear");
		r = -EBUSY;
	} else if (guard_running && divert) {
		r = guard_start_diverting("divert=Y");
	} else if (guard_running) {
		guard_stop_diverting();
	}
	if (!r)
		guard_divert = divert;
	guard_unlock_params();
	return r;
}

static const struct kernel_param_ops guard_divert_ops = {
	.flags = KERNEL_PARAM_OPS_FL_NOARG,
	.set = guard_set_divert,
	.get = param_get_bool,
};

module_param_cb(divert, &guard_divert_ops, &guard_divert, 0644);
__MODULE_PARM_TYPE(divert, "bool");
MODULE_PARM_DESC(divert, "Divert four functions of the kernel to watch links (default: Y)");

/* Check the loads of every driver, or of our own target alone. */
static int guard_apply_scope(bool all)
{
	int r = all ? guard_start_diverting("scope=all") : 0;

	if (r)
		return r;
	if (all)
		guard_divert = true;
	if (all != guard_scope_all)
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

	guard_lock_params();
	if (guard_running)
		r = guard_apply_scope(all);
	if (!r)
		WRITE_ONCE(guard_scope_all, all);
	guard_unlock_params();
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
MODULE_PARM_DESC(scope, "Whose loads are checked: \"linear\" targets or those of \"all\" drivers (default: all)");

/* debugfs: dm_linear_guard/graph, as guard_graph_show() writes it. */
static struct dentry *guard_debugfs;

static int guard_graph_file_show(struct seq_file *file, void *unused)
{
	guard_check_show(file);
	return 0;
}

DEFINE_SHOW_ATTRIBUTE(guard_graph_file);

static int __init guard_init(void)
{
	int r;

	guard_linear_target = guard_target;

	r = guard_check_init();
	if (r)
		return r;

	mutex_lock(&guard_param_lock);
	if (guard_divert)
		r = guard_divert_start();
	guard_diverting = guard_divert && !r;
	if (r == -EINTR || r == -ENOMEM) {
		DMERR("%s: %d", guard_divert_why_not(r), r);
		goto bad_diversion;
	}
	/* Without, a load reads sysfs, and a resume knows guarded tables only. */
	if (!guard_diverting) {
		DMWARN("only linear tables are checked: %s",
		       guard_divert ? guard_divert_why_not(r) : "divert=N");
		guard_scope_all = false;
	}
	guard_divert = guard_diverting;

	r = dm_register_target(&guard_target);
	if (r) {
		DMERR("cannot register \"%s\": %d", guard_target.name, r);
		goto bad_target;
	}

	/* A table can be loaded by now, so that init must not fail any more. */
	if (guard_serve_linear(guard_takeover))
		guard_takeover = false;
	if (guard_scope_all)
		DMINFO("the loads of every driver are checked");
	guard_running = true;
	mutex_unlock(&guard_param_lock);

	/*
	 * Last, and first when we go: who reads debugfs' directories, by default root
	 * alone, can have us wait here.
	 */
	guard_debugfs = debugfs_create_dir(KBUILD_MODNAME, NULL);
	debugfs_create_file("graph", 0400, guard_debugfs, NULL,
			    &guard_graph_file_fops);
	return 0;

bad_target:
	guard_stop_diverting();
bad_diversion:
	mutex_unlock(&guard_param_lock);
	guard_check_exit();
	return r;
}

static void __exit guard_exit(void)
{
	debugfs_remove_recursive(guard_debugfs);

	mutex_lock(&guard_param_lock);
	guard_running = false;
	/* First, as by now nobody gets a table of ours. */
	guard_serve_linear(false);
	guard_stop_diverting();
	mutex_unlock(&guard_param_lock);

	dm_unregister_target(&guard_target);
	guard_check_exit();
}

module_init(guard_init);
module_exit(guard_exit);

MODULE_DESCRIPTION(DM_NAME " linear target that refuses loops");
MODULE_AUTHOR("The dm-linear-guard developers");
MODULE_VERSION(DM_LINEAR_GUARD_VERSION);
MODULE_LICENSE("GPL");
