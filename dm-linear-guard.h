/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dm-linear-guard: the version, the per-target context, and what differs between
 * kernels for the target.
 *
 * The newest kernel is the default.  What an older one lacks is added here,
 * under the name it has upstream where there is one, so that a shim can be
 * deleted without touching dm-linear-guard.c.  Each says which of Debian's
 * kernels need it (5.10, 6.1, 6.12, 7.2 and 7.3 are built and tested) and when
 * it can go.  A shim asks for the feature: for a macro or a type here, for a
 * word in the kernel's headers in Kbuild (GUARD_LACKS_*, GUARD_HAS_*).
 * guard/shims.h has those of the other parts.
 */
#ifndef DM_LINEAR_GUARD_H
#define DM_LINEAR_GUARD_H

#include <linux/blkdev.h>
#include <linux/dax.h>
#include <linux/device-mapper.h>

#include "guard/shims.h"

struct guard_use;

/* The only place that holds the version; everything else derives it. */
#define DM_LINEAR_GUARD_VERSION "0.4.0"

/* Came with 5.10. */
#ifndef DM_TARGET_NOWAIT
#error "dm-linear-guard needs Linux 5.10 or later"
#endif

/* There struct target_type lacks a member that later kernels always have. */
#if defined(GUARD_LACKS_DM_REPORT_ZONES) && !defined(CONFIG_BLK_DEV_ZONED)
#error "dm-linear-guard needs CONFIG_BLK_DEV_ZONED on Linux 5.10"
#endif

/**
 * struct guard_c - one linear target
 * @bdev: what map sends bios to; @dev->bdev, one load closer
 * @delta: what map adds to a bio's sector: the first sector of @dev that is
 *	   mapped, less the target's own first sector, modulo 2^64
 * @dev: the device as device-mapper core holds it for the table
 * @use: there if this is its table's first target for @dev, else NULL
 *
 * Written by the constructor only, so that no hook needs a lock to read it.
 * There can be thousands to a table, so that what few of them need is elsewhere.
 */
struct guard_c {
	struct block_device *bdev;
	sector_t delta;
	struct dm_dev *dev;
	struct guard_use *use;
};

/* The first sector of the device below that a target maps. */
static inline sector_t guard_start(struct dm_target *ti)
{
	struct guard_c *gc = ti->private;

	return gc->delta + ti->begin;
}

/* Needed by 5.10, can go with it. */
#ifdef GUARD_LACKS_BDEV_NR_SECTORS
static inline sector_t bdev_nr_sectors(struct block_device *bdev)
{
	return i_size_read(bdev->bd_inode) >> SECTOR_SHIFT;
}
#endif

/* Needed by 5.10, can go with it: the callback took args->start from there. */
#ifdef GUARD_LACKS_DM_REPORT_ZONES
static inline int dm_report_zones(struct block_device *bdev, sector_t start,
				  sector_t sector,
				  struct dm_report_zones_args *args,
				  unsigned int nr_zones)
{
	args->start = start;
	return blkdev_report_zones(bdev, sector, nr_zones, dm_report_zones_cb,
				   args);
}
#endif

/*
 * Feature flags that the stock target of the same kernel does not have either.
 * Needed by 5.10 (both) and by 6.1 and 6.12 (the second), can go with them.
 */
#ifndef DM_TARGET_PASSES_CRYPTO
#define DM_TARGET_PASSES_CRYPTO 0
#endif
#ifndef DM_TARGET_ATOMIC_WRITES
#define DM_TARGET_ATOMIC_WRITES 0
#endif

/*
 * Needed by 5.10, can go with it: no measurements for IMA, so core never asks
 * for this type; guard_status() is a switch over an int for its sake.
 */
#ifndef DMEMIT_TARGET_NAME_VERSION
#define STATUSTYPE_IMA 2
#define DMEMIT_TARGET_NAME_VERSION(type) do { } while (0)
#endif

/**
 * guard_set_num_bios() - what core may send to this target, and how often
 * @ti: target under construction
 *
 * Exactly what the stock target of the running kernel sets.
 */
static inline void guard_set_num_bios(struct dm_target *ti)
{
	ti->num_flush_bios = 1;
	ti->num_discard_bios = 1;
	ti->num_secure_erase_bios = 1;
	ti->num_write_zeroes_bios = 1;
#ifdef GUARD_HAS_WRITE_SAME
	/* Needed by 5.10, can go with it. */
	ti->num_write_same_bios = 1;
#endif
#ifndef GUARD_LACKS_FLUSH_BYPASSES_MAP
	/* Not in 5.10 and 6.1; unconditional when 6.1 goes. */
	ti->flush_bypasses_map = true;
#endif
}

/**
 * guard_has_sector() - does this bio's sector mean anything
 * @bio: bio to map
 *
 * Needed by 5.10, can go with it: there core sends empty flushes with sector 0
 * whatever the target begins at, the stock target leaves that alone, and some
 * drivers look at the sector of a bio without data.
 *
 * Return: false for an empty flush on 5.10, else true.
 */
static inline bool guard_has_sector(struct bio *bio)
{
#ifdef GUARD_HAS_WRITE_SAME
	return bio_sectors(bio) || op_is_zone_mgmt(bio_op(bio));
#else
	return true;
#endif
}

/*
 * prepare_ioctl got the command, its argument and "forward" after 6.12; needed
 * by 5.10, 6.1 and 6.12, can go with 6.12.
 */
static int guard_prepare_ioctl(struct dm_target *ti, struct block_device **bdev,
			       unsigned int cmd, unsigned long arg,
			       bool *forward);

static inline int guard_prepare_ioctl_two(struct dm_target *ti,
					  struct block_device **bdev)
{
	bool forward = true;

	return guard_prepare_ioctl(ti, bdev, 0, 0, &forward);
}

#define GUARD_PREPARE_IOCTL						\
	__builtin_choose_expr(						\
		__builtin_types_compatible_p(dm_prepare_ioctl_fn,	\
			typeof(guard_prepare_ioctl_two) *),		\
		guard_prepare_ioctl_two, guard_prepare_ioctl)

/*
 * direct_access returned the page frame as a pfn_t, in 7.2 as a plain number;
 * needed by 6.1 and 6.12, can go with 6.12.
 */
#ifdef GUARD_HAS_PFN_T
#define guard_pfn_t pfn_t
#else
#define guard_pfn_t unsigned long
#endif

/*
 * The DAX hooks of 5.10, can go with it: no access mode, no recovery_write, a
 * copy hook for either direction, and alignment to pages that is checked on
 * each call.  Later kernels have theirs in dm-linear-guard.c.  The stock target
 * has them with DAX_DRIVER, later with FS_DAX.  Debian's for 32-bit ARM has neither.
 */
#if defined(GUARD_LACKS_DAX_ACCESS_MODE) && !IS_ENABLED(CONFIG_DAX_DRIVER) && \
	!IS_ENABLED(CONFIG_FS_DAX)
#define GUARD_DAX_HOOKS .direct_access = NULL
#elif defined(GUARD_LACKS_DAX_ACCESS_MODE)
static bool guard_recurses(void);

/* Turn the target's page into the page of the device below; bytes are whole. */
static inline int guard_dax_pgoff(struct dm_target *ti, size_t bytes,
				  pgoff_t *pgoff)
{
	struct guard_c *gc = ti->private;
	sector_t sector = gc->delta + ((sector_t)*pgoff * PAGE_SECTORS);

	return bdev_dax_pgoff(gc->bdev, sector, bytes, pgoff);
}

static long guard_dax_direct_access(struct dm_target *ti, pgoff_t pgoff,
				    long nr_pages, void **kaddr, pfn_t *pfn)
{
	struct guard_c *gc = ti->private;
	int r = guard_dax_pgoff(ti, nr_pages * PAGE_SIZE, &pgoff);

	if (r)
		return r;
	if (guard_recurses())
		return -ELOOP;
	return dax_direct_access(gc->dev->dax_dev, pgoff, nr_pages, kaddr, pfn);
}

static int guard_dax_zero_page_range(struct dm_target *ti, pgoff_t pgoff,
				     size_t nr_pages)
{
	struct guard_c *gc = ti->private;
	int r = guard_dax_pgoff(ti, nr_pages * PAGE_SIZE, &pgoff);

	if (r)
		return r;
	if (guard_recurses())
		return -ELOOP;
	return dax_zero_page_range(gc->dev->dax_dev, pgoff, nr_pages);
}

/* Who copies has asked for direct access before, and that ends in a loop. */
static size_t guard_dax_copy_from_iter(struct dm_target *ti, pgoff_t pgoff,
				       void *addr, size_t bytes,
				       struct iov_iter *i)
{
	struct guard_c *gc = ti->private;

	if (guard_dax_pgoff(ti, ALIGN(bytes, PAGE_SIZE), &pgoff))
		return 0;
	return dax_copy_from_iter(gc->dev->dax_dev, pgoff, addr, bytes, i);
}

static size_t guard_dax_copy_to_iter(struct dm_target *ti, pgoff_t pgoff,
				     void *addr, size_t bytes,
				     struct iov_iter *i)
{
	struct guard_c *gc = ti->private;

	if (guard_dax_pgoff(ti, ALIGN(bytes, PAGE_SIZE), &pgoff))
		return 0;
	return dax_copy_to_iter(gc->dev->dax_dev, pgoff, addr, bytes, i);
}

#define GUARD_DAX_HOOKS							\
	.direct_access		= guard_dax_direct_access,		\
	.dax_zero_page_range	= guard_dax_zero_page_range,		\
	.dax_copy_from_iter	= guard_dax_copy_from_iter,		\
	.dax_copy_to_iter	= guard_dax_copy_to_iter
#endif

#endif /* DM_LINEAR_GUARD_H */
