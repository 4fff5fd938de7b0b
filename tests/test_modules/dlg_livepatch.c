// SPDX-License-Identifier: GPL-2.0-only
/*
 * A livepatch of the function that scope=all diverts: no disk may be stacked
 * on another while it is applied.
 */

#include <linux/blkdev.h>
#include <linux/livepatch.h>
#include <linux/module.h>

static int dlg_link_nothing(struct block_device *bdev, struct gendisk *disk)
{
	return -EPERM;
}

static struct klp_func dlg_funcs[] = {
	{
		.old_name = "bd_link_disk_holder",
		.new_func = dlg_link_nothing,
	},
	{ }
};

/* No name: the kernel's own. */
static struct klp_object dlg_objects[] = {
	{ .funcs = dlg_funcs },
	{ }
};

static struct klp_patch dlg_patch = {
	.mod = THIS_MODULE,
	.objs = dlg_objects,
};

static int __init dlg_livepatch_init(void)
{
	return klp_enable_patch(&dlg_patch);
}

static void __exit dlg_livepatch_exit(void)
{
}

module_init(dlg_livepatch_init);
module_exit(dlg_livepatch_exit);

MODULE_DESCRIPTION("Livepatch for the tests of dm-linear-guard");
MODULE_AUTHOR("The dm-linear-guard developers");
MODULE_LICENSE("GPL");
MODULE_INFO(livepatch, "Y");
