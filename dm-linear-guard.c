// SPDX-License-Identifier: GPL-2.0-only
/*
 * dm-linear-guard: a device-mapper linear target that cannot be made to loop.
 *
 * Copyright (C) 2026 The dm-linear-guard developers
 *
 * Forwards I/O exactly as the kernel's own linear target does, takes over its
 * name on a running system, and refuses a table that maps a device onto itself
 * when the table is loaded, before anything can run around in it.
 */

#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/ctype.h>
#include <linux/dax.h>
#include <linux/device-mapper.h>
#include <linux/init.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#include "dm-linear-guard.h"

#define DM_MSG_PREFIX "linear-guard"

#define GUARD_SELF_ERROR "Device maps onto itself"

static struct gendisk *guard_own_disk(struct dm_target *ti)
{
	return dm_disk(dm_table_get_md(ti->table));
}

/**
 * guard_check_loop() - refuse a device that stands on the table's own
 * @ti: target under construction; its table names the mapped device
 * @bdev: the device that the target is to map onto, opened
 *
 * Compares disks, not device numbers or paths: whatever name led to @bdev, it
 * is the table's own device if it has the same disk.
 *
 * Context: constructor; may sleep.
 * Return: 0, or -EINVAL with ti->error set.
 */
static int guard_check_loop(struct dm_target *ti, struct block_device *bdev)
{
	if (bdev->bd_disk == guard_own_disk(ti)) {
		ti->error = GUARD_SELF_ERROR;
		return -EINVAL;
	}
	return 0;
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
 * the device, guard_check_loop() decides.
 *
 * Context: constructor; sleeps.
 * Return: 0, or a negative error code with ti->error set.
 */
static int guard_get_device(struct dm_target *ti, const char *path,
			    struct dm_dev **dev)
{
	dev_t devt;
	int r;

	r = dm_get_device(ti, path, dm_table_get_mode(ti->table), dev);
	if (!r)
		return 0;

	if (!dm_devt_from_path(path, &devt) &&
	    devt == disk_devt(guard_own_disk(ti))) {
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
	struct guard_c *gc;
	int r;

	if (argc != 2) {
		ti->error = "Invalid argument count";
		return -EINVAL;
	}

	/* Another table's device may be suspended, and swap may be on it. */
	gc = kzalloc(sizeof(*gc), GFP_NOIO);
	if (!gc) {
		ti->error = "Cannot allocate linear context";
		return -ENOMEM;
	}

	r = guard_parse_sector(ti, argv[1], &gc->start);
	if (r)
		goto bad_sector;

	r = guard_get_device(ti, argv[0], &gc->dev);
	if (r)
		goto bad_sector;

	gc->bdev = gc->dev->bdev;
	r = guard_check_loop(ti, gc->bdev);
	if (r)
		goto bad_device;

	r = guard_check_range(ti, gc->bdev, gc->start);
	if (r)
		goto bad_device;

	gc->delta = gc->start - ti->begin;
	guard_set_num_bios(ti);
	ti->private = gc;
	return 0;

bad_device:
	dm_put_device(ti, gc->dev);
bad_sector:
	kfree(gc);
	return r;
}

static void guard_dtr(struct dm_target *ti)
{
	struct guard_c *gc = ti->private;

	dm_put_device(ti, gc->dev);
	kfree(gc);
}

static int guard_map(struct dm_target *ti, struct bio *bio)
{
	struct guard_c *gc = ti->private;

	bio_set_dev(bio, gc->bdev);
	if (guard_has_sector(bio))
		bio->bi_iter.bi_sector += gc->delta;

	return DM_MAPIO_REMAPPED;
}

/*
 * Status: nothing, as the stock target.
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
		result[0] = '\0';
		break;

	case STATUSTYPE_TABLE:
		DMEMIT("%s %llu", gc->dev->name, (unsigned long long)gc->start);
		break;

	case STATUSTYPE_IMA:
		DMEMIT_TARGET_NAME_VERSION(ti->type);
		DMEMIT(",device_name=%s,start=%llu;", gc->dev->name,
		       (unsigned long long)gc->start);
		break;
	}
}

static int guard_prepare_ioctl(struct dm_target *ti, struct block_device **bdev,
			       unsigned int cmd, unsigned long arg,
			       bool *forward)
{
	struct guard_c *gc = ti->private;

	*bdev = gc->bdev;

	/*
	 * 1 makes core ask for CAP_SYS_RAWIO: whoever may use a part of a
	 * device is not thereby allowed to command the whole.
	 */
	return gc->start || ti->len != bdev_nr_sectors(gc->bdev);
}

#ifdef CONFIG_BLK_DEV_ZONED
static int guard_report_zones(struct dm_target *ti,
			      struct dm_report_zones_args *args,
			      unsigned int nr_zones)
{
	struct guard_c *gc = ti->private;

	return dm_report_zones(gc->bdev, gc->start,
			       args->next_sector + gc->delta, args, nr_zones);
}
#else
#define guard_report_zones NULL
#endif

static int guard_iterate_devices(struct dm_target *ti,
				 iterate_devices_callout_fn fn, void *data)
{
	struct guard_c *gc = ti->private;

	return fn(ti, gc->dev, gc->start, ti->len, data);
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
	.status			= guard_status,
	.prepare_ioctl		= GUARD_PREPARE_IOCTL,
	.report_zones		= guard_report_zones,
	.iterate_devices	= guard_iterate_devices,
	GUARD_DAX_HOOKS,
};

/* The same under the name "linear", registered while takeover is on. */
static struct target_type guard_linear_target;

/*
 * Serialises the registration of guard_linear_target.  A parameter can be
 * written before init, after exit, and by several at once; outside
 * init...exit it may only be remembered.  Outside device-mapper's own locks.
 */
static DEFINE_MUTEX(guard_takeover_lock);
static bool guard_takeover = true;	/* what the parameter asks for */
static bool guard_registered;		/* is guard_linear_target */
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
 * Context: guard_takeover_lock held; sleeps.
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

	mutex_lock(&guard_takeover_lock);
	if (guard_running)
		r = guard_serve_linear(takeover);
	if (!r)
		guard_takeover = takeover;
	mutex_unlock(&guard_takeover_lock);
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

static int __init guard_init(void)
{
	int r;

	guard_linear_target = guard_target;

	r = dm_register_target(&guard_target);
	if (r) {
		DMERR("cannot register \"%s\": %d", guard_target.name, r);
		return r;
	}

	/* A table can be loaded by now, so that init must not fail any more. */
	mutex_lock(&guard_takeover_lock);
	if (guard_serve_linear(guard_takeover))
		guard_takeover = false;
	guard_running = true;
	mutex_unlock(&guard_takeover_lock);
	return 0;
}

static void __exit guard_exit(void)
{
	mutex_lock(&guard_takeover_lock);
	guard_running = false;
	guard_serve_linear(false);
	mutex_unlock(&guard_takeover_lock);

	dm_unregister_target(&guard_target);
}

module_init(guard_init);
module_exit(guard_exit);

MODULE_DESCRIPTION(DM_NAME " linear target that cannot be made to loop");
MODULE_AUTHOR("The dm-linear-guard developers");
MODULE_VERSION(DM_LINEAR_GUARD_VERSION);
MODULE_LICENSE("GPL");
