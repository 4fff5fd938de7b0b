/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between kernels, for the parts in this directory.
 *
 * Copyright (C) 2026 The dm-linear-guard developers
 *
 * The newest kernel is the default.  What an older one lacks is added here,
 * under the name it has upstream where there is one.  Each shim says which of
 * Debian's kernels need it (5.10, 6.1, 6.12, 7.2 and 7.3 are built and tested)
 * and when it can go.  A shim asks for the feature: for a macro or a type here,
 * for a word in the kernel's headers in Kbuild (GUARD_LACKS_*, GUARD_HAS_*).
 */
#ifndef GUARD_SHIMS_H
#define GUARD_SHIMS_H

#include <linux/blkdev.h>
#include <linux/device-mapper.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/ftrace.h>
#include <linux/kernfs.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

/* Needed by 5.10, 6.1 and 6.12, can go with 6.12. */
#ifndef kzalloc_obj
#define kzalloc_obj(obj, gfp) kzalloc(sizeof(obj), gfp)
#endif
#ifndef kvzalloc_obj
#define kvzalloc_obj(obj, gfp) kvzalloc(sizeof(obj), gfp)
#endif

/*
 * How far the kernel's stack is used by now.  The second is for architectures which
 * do not say that they have the first; on 5.10 x86 has it and does not say so.
 */
#if defined(CONFIG_ARCH_HAS_CURRENT_STACK_POINTER) || defined(CONFIG_X86)
#define guard_stack_pointer() ((unsigned long)current_stack_pointer)
#else
#define guard_stack_pointer() ((unsigned long)__builtin_frame_address(0))
#endif

/*
 * How a device is opened: an integer of another name, and bitwise for sparse.
 * Needed by 5.10 and 6.1, can go with 6.1.
 */
#ifdef GUARD_LACKS_BLK_MODE_T
#define guard_mode_t fmode_t
#else
#define guard_mode_t blk_mode_t
#endif

/*
 * The number of a device that is named by "major:minor" or a path.  Needed by
 * 5.10 and 6.1, can go with 6.1: there dm_get_dev_t() takes both, and returns 0
 * for an error.  6.5 to 6.8, and RHEL 9.4 and 9.5, have neither function: the
 * name is parsed, or looked up, here.
 */
#ifdef GUARD_LACKS_DM_DEVT_FROM_PATH
static inline int dm_devt_from_path(const char *path, dev_t *dev_p)
{
#ifdef GUARD_HAS_DM_GET_DEV_T
	*dev_p = dm_get_dev_t(path);
	return *dev_p ? 0 : -ENODEV;
#else
	unsigned int major, minor;
	char rest;

	if (sscanf(path, "%u:%u%c", &major, &minor, &rest) != 2)
		return lookup_bdev(path, dev_p);
	*dev_p = MKDEV(major, minor);
	return 0;
#endif
}
#endif

/*
 * A mapped device is added, and linked to its slaves, when its first table is
 * loaded; 5.10 added it empty, so that it linked at once.  (5.15, and RHEL up to
 * 9.4, are told at once, and link when they add it.)  Can become a matter of
 * course when 5.10 goes.
 */
#ifdef GUARD_LACKS_SLAVE_BDEVS
#define GUARD_LINKS_LATE 0
#else
#define GUARD_LINKS_LATE 1
#endif

/* 5.11 to 5.14 are neither the one nor the other, unless they took it over. */
#if defined(GUARD_LACKS_SLAVE_BDEVS) && !defined(part_to_dev)
#error "dm-linear-guard needs slave_bdevs in struct gendisk (5.15), or Linux 5.10"
#endif

/* Is this the disk of a mapped device? */
static inline bool guard_is_mapped(struct gendisk *disk)
{
	return strstarts(disk->disk_name, "dm-");
}

/*
 * A disk's number in the sequence of all disks.  Needed by 5.10, which has none,
 * and where no edge outlives its link or table; can go with it.
 */
static inline u64 guard_disk_seq(struct gendisk *disk)
{
#ifdef GUARD_LACKS_DISKSEQ
	return 0;
#else
	return disk->diskseq;
#endif
}

/*
 * A block device of sysfs' class and what is behind it: a partition was a
 * structure of its own.  Needed by 5.10, can go with it.
 */
#ifdef GUARD_LACKS_SLAVE_BDEVS
static inline struct device *guard_bdev_device(struct block_device *bdev)
{
	return part_to_dev(bdev->bd_part);
}

static inline bool guard_is_partition(struct device *dev)
{
	return dev_to_part(dev)->partno;
}

static inline struct gendisk *guard_device_disk(struct device *dev)
{
	return part_to_disk(dev_to_part(dev));
}
#else
static inline struct device *guard_bdev_device(struct block_device *bdev)
{
	return &bdev->bd_device;
}

static inline bool guard_is_partition(struct device *dev)
{
	return bdev_is_partition(dev_to_bdev(dev));
}

static inline struct gendisk *guard_device_disk(struct device *dev)
{
	return dev_to_bdev(dev)->bd_disk;
}
#endif

/**
 * guard_disk_dir() - take a disk's directory in sysfs' tree
 * @disk: pinned; may be on its way out
 * @wait: rather wait than not know
 * @dir: receives the directory, to be put by kernfs_put(), or NULL if the disk
 *	 is no longer or not yet there
 *
 * del_gendisk() takes the lock before the directory goes, and says so under it.
 * From then on the reference keeps the node, in which nothing is found once it
 * is removed.  5.10 needs the other half, and the function can lose it when
 * 5.10 goes.
 *
 * Context: sleeps.  With @wait, for as long as a driver takes to open the disk
 * or to read its partitions; only a task that is loading the module or changing
 * its parameters waits then, without a lock of ours that a load or a resume
 * needs, and it can be killed.
 * Return: 0; -EBUSY if the lock is taken, without @wait; -EINTR.
 */
static inline int guard_disk_dir(struct gendisk *disk, bool wait,
				 struct kernfs_node **dir)
{
	*dir = NULL;
#ifdef GUARD_LACKS_SLAVE_BDEVS
	/* Taken for writing by del_gendisk() only. */
	if (!down_read_trylock(&disk->lookup_sem))
		return 0;
	if ((disk->flags & GENHD_FL_UP) && disk_to_dev(disk)->kobj.sd) {
		*dir = disk_to_dev(disk)->kobj.sd;
		kernfs_get(*dir);
	}
	up_read(&disk->lookup_sem);
#else
	if (!mutex_trylock(&disk->open_mutex)) {
		if (!wait)
			return -EBUSY;
		if (mutex_lock_killable(&disk->open_mutex))
			return -EINTR;
	}
	if (disk_live(disk)) {
		*dir = disk_to_dev(disk)->kobj.sd;
		kernfs_get(*dir);
	}
	mutex_unlock(&disk->open_mutex);
#endif
	return 0;
}

/*
 * Is this disk perhaps stacked on something?  Needed by 5.10, which keeps no
 * list; can go with it.
 */
static inline bool guard_may_have_slaves(struct gendisk *disk)
{
#ifdef GUARD_LACKS_SLAVE_BDEVS
	return true;
#else
	return !list_empty(&disk->slave_bdevs);
#endif
}

/*
 * A disk that is never added: the only way from a module to the class of block
 * devices.  5.10 and 6.1 need the other forms, and they can go with those.
 */
static inline struct gendisk *guard_spare_disk(void)
{
#if defined(alloc_disk)
	return alloc_disk(1) ?: ERR_PTR(-ENOMEM);
#elif defined(GUARD_LACKS_QUEUE_LIMITS_UPDATE)
	return blk_alloc_disk(NUMA_NO_NODE) ?: ERR_PTR(-ENOMEM);
#else
	return blk_alloc_disk(NULL, NUMA_NO_NODE);
#endif
}

/*
 * Diverting a function's calls, as livepatch does: ftrace calls back before the
 * function begins, and the callback says where to continue.  What an architecture
 * saves for that is the arguments, or all registers:
 *
 *	x86-64, s390	all registers on 5.10, the arguments from 6.1 on
 *	arm64		all registers on 6.1, the arguments later
 *	i386		all registers
 *	riscv		the arguments
 *	powerpc		either, but r2 and r12 are right only where livepatch is built
 *
 * Others can divert where livepatch is built for them.  On 32-bit ARM the callback
 * has no say.  With link-time optimisation, some calls of a function can be inlined,
 * which nothing diverts.  guard_prove_diversion() sees whether all of this is so.
 *
 * The names are the newest kernel's; what 5.10 and 6.1 need can go with them.
 */
#if defined(CONFIG_X86) || defined(CONFIG_S390) || defined(CONFIG_ARM64) || \
	defined(CONFIG_RISCV) || defined(CONFIG_LIVEPATCH)
#define GUARD_ARCH_CAN_DIVERT
#endif
#if !defined(GUARD_ARCH_CAN_DIVERT) || defined(CONFIG_LTO_CLANG) || \
	defined(GUARD_WITHOUT_DIVERSION)
/* Not at all.  make check asks for it. */
#elif defined(CONFIG_DYNAMIC_FTRACE_WITH_ARGS)
#define GUARD_CAN_DIVERT
#define GUARD_DIVERT_FLAGS (FTRACE_OPS_FL_IPMODIFY | FTRACE_OPS_FL_PERMANENT)
#elif defined(CONFIG_DYNAMIC_FTRACE_WITH_REGS)
#define GUARD_CAN_DIVERT
#define GUARD_DIVERT_FLAGS (FTRACE_OPS_FL_SAVE_REGS | \
			    FTRACE_OPS_FL_IPMODIFY | FTRACE_OPS_FL_PERMANENT)
#endif

#ifdef GUARD_CAN_DIVERT
#if defined(GUARD_LACKS_FTRACE_REGS)
#define ftrace_regs pt_regs
#define guard_continue_at(regs, ip) instruction_pointer_set(regs, ip)
#elif !defined(CONFIG_DYNAMIC_FTRACE_WITH_ARGS)
/* Where the arguments are not saved alone, the newer names do nothing. */
#define guard_continue_at(regs, ip) \
	instruction_pointer_set(ftrace_get_regs(regs), ip)
#elif defined(GUARD_LACKS_FTRACE_REGS_SET)
#define guard_continue_at(regs, ip) ftrace_instruction_pointer_set(regs, ip)
#else
#define guard_continue_at(regs, ip) \
	ftrace_regs_set_instruction_pointer(regs, ip)
#endif
#endif

/* For make check: what a kernel does whose ftrace can be asked, and does nothing. */
#ifdef GUARD_BREAK_DIVERSION
#undef guard_continue_at
#define guard_continue_at(regs, ip) ((void)(regs), (void)(ip))
#endif

#endif /* GUARD_SHIMS_H */
