// SPDX-License-Identifier: GPL-2.0-only
/*
 * Keeps the next one who makes a link between two disks waiting just before,
 * for a second, or what "seconds" says, each time that "next" is written to.
 */

#include <linux/atomic.h>
#include <linux/delay.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/moduleparam.h>

static atomic_t dlg_next;

static unsigned int dlg_seconds = 1;
module_param_named(seconds, dlg_seconds, uint, 0600);
MODULE_PARM_DESC(seconds, "How long it waits");

static int dlg_wait(struct kprobe *kprobe, struct pt_regs *regs)
{
	unsigned int i;

	if (atomic_cmpxchg(&dlg_next, 1, 0))
		for (i = 0; i < dlg_seconds; i++)
			mdelay(1000);
	return 0;
}

static struct kprobe dlg_kprobe = {
	.symbol_name = "bd_link_disk_holder",
	.pre_handler = dlg_wait,
};

static int dlg_set_next(const char *val, const struct kernel_param *kp)
{
	atomic_set(&dlg_next, 1);
	return 0;
}

static int dlg_get_next(char *buffer, const struct kernel_param *kp)
{
	return sprintf(buffer, "%d\n", atomic_read(&dlg_next));
}

static const struct kernel_param_ops dlg_next_ops = {
	.set = dlg_set_next,
	.get = dlg_get_next,
};

module_param_cb(next, &dlg_next_ops, NULL, 0600);
MODULE_PARM_DESC(next, "1 until the next one has come, who waits");

static int __init dlg_slow_init(void)
{
	return register_kprobe(&dlg_kprobe);
}

static void __exit dlg_slow_exit(void)
{
	unregister_kprobe(&dlg_kprobe);
}

module_init(dlg_slow_init);
module_exit(dlg_slow_exit);

MODULE_DESCRIPTION("Widens a window for the tests of dm-linear-guard");
MODULE_AUTHOR("The dm-linear-guard developers");
MODULE_LICENSE("GPL");
