// SPDX-License-Identifier: GPL-2.0-only
/*
 * Holds the next one who links two disks, just before, when 1 is written to "hold",
 * until 0 is, or for "seconds" at the most: it spins, and others may need what it
 * has.  "hold" reads 2 while one is held.
 */

#include <linux/atomic.h>
#include <linux/delay.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/moduleparam.h>

static atomic_t dlg_hold;

static unsigned int dlg_seconds = 4;
module_param_named(seconds, dlg_seconds, uint, 0600);
MODULE_PARM_DESC(seconds, "How long it holds at the most");

static int dlg_wait(struct kprobe *kprobe, struct pt_regs *regs)
{
	unsigned int i;

	if (atomic_cmpxchg(&dlg_hold, 1, 2) == 1) {
		for (i = 0; i < dlg_seconds * 1000 && atomic_read(&dlg_hold); i++)
			mdelay(1);
		atomic_set(&dlg_hold, 0);
	}
	return 0;
}

static struct kprobe dlg_kprobe = {
	.symbol_name = "bd_link_disk_holder",
	.pre_handler = dlg_wait,
};

static int dlg_set_hold(const char *val, const struct kernel_param *kp)
{
	int hold, r = kstrtoint(val, 0, &hold);

	if (!r)
		atomic_set(&dlg_hold, hold);
	return r;
}

static int dlg_get_hold(char *buffer, const struct kernel_param *kp)
{
	return sprintf(buffer, "%d\n", atomic_read(&dlg_hold));
}

static const struct kernel_param_ops dlg_hold_ops = {
	.set = dlg_set_hold,
	.get = dlg_get_hold,
};

module_param_cb(hold, &dlg_hold_ops, NULL, 0600);
MODULE_PARM_DESC(hold, "1: the next one is to be held; 2: it is; 0: no longer");

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
