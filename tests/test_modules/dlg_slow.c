// SPDX-License-Identifier: GPL-2.0-only
/*
 * Gates where tasks are held, so that a test can force an order.  A task that links two
 * disks comes to the gate "hold" just before, and one that removes their link to the gate
 * "hold_unlink"; where these calls are diverted, once before the guard has seen them, and
 * once after.  A task that looks up "look", a path in kernfs, comes to the gate "hold_look".
 *
 * If N is written to a gate, the Nth that comes from then on is held.  That ends when
 * 0 is written to the gate, when somebody is held at another one, or when the other
 * processors have had nothing to do for "seconds": a task that is held spins, and others
 * may need what it has.  A gate reads -1 while one is held, and -2 after one was held for
 * too long.  No delay loop is a clock: some kernels take it for many times what it is
 * if their processors were slow when they booted.
 */

#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/kernel_stat.h>
#include <linux/kernfs.h>
#include <linux/kprobes.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/processor.h>
#include <linux/ptrace.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/tick.h>
#include <linux/time64.h>

#define DLG_HELD (-1)
#define DLG_LATE (-2)

enum { DLG_LINK, DLG_UNLINK, DLG_LOOKUP, DLG_GATES };
static atomic_t dlg_gates[DLG_GATES];

static char dlg_path[128];
module_param_string(look, dlg_path, sizeof(dlg_path), 0600);
MODULE_PARM_DESC(look, "The path, from the root of kernfs, and without an end of line");

static unsigned int dlg_seconds = 15;
module_param_named(seconds, dlg_seconds, uint, 0600);
MODULE_PARM_DESC(seconds, "For how long a gate holds while all others are idle");

/* For how many microseconds a processor has been idle since it was booted. */
static u64 dlg_idle_of(unsigned int cpu)
{
	u64 idle = get_cpu_idle_time_us(cpu, NULL);

	if (idle != (u64)-1)
		return idle + get_cpu_iowait_time_us(cpu, NULL);
	/* Its ticks go on while it is idle, and count that. */
	return div_u64(kcpustat_cpu(cpu).cpustat[CPUTIME_IDLE] +
		       kcpustat_cpu(cpu).cpustat[CPUTIME_IOWAIT], NSEC_PER_USEC);
}

/* The same for all other processors together. */
static u64 dlg_idle(void)
{
	unsigned int cpu;
	u64 idle = 0;

	for_each_online_cpu(cpu)
		if (cpu != raw_smp_processor_id())
			idle += dlg_idle_of(cpu);
	return idle;
}

static void dlg_come(unsigned int number)
{
	atomic_t *gate = &dlg_gates[number];
	unsigned int i;
	u64 limit;

	if (atomic_dec_if_positive(gate))
		return;
	atomic_set(gate, DLG_HELD);
	for (i = 0; i < DLG_GATES; i++)
		if (i != number)
			atomic_cmpxchg(&dlg_gates[i], DLG_HELD, 0);
	limit = dlg_idle() + (u64)dlg_seconds * USEC_PER_SEC * (num_online_cpus() - 1);
	while (dlg_idle() <= limit) {
		if (atomic_read(gate) != DLG_HELD)
			return;
		cpu_relax();
	}
	atomic_cmpxchg(gate, DLG_HELD, DLG_LATE);
}

static int dlg_links(struct kprobe *kprobe, struct pt_regs *regs)
{
	dlg_come(DLG_LINK);
	return 0;
}

static int dlg_unlinks(struct kprobe *kprobe, struct pt_regs *regs)
{
	dlg_come(DLG_UNLINK);
	return 0;
}

static int dlg_looks_up(struct kprobe *kprobe, struct pt_regs *regs)
{
	const char *name = (const char *)regs_get_kernel_argument(regs, 1);
	char path[sizeof(dlg_path)];
	size_t len;

	if (atomic_read(&dlg_gates[DLG_LOOKUP]) <= 0)
		return 0;
	kernfs_path((struct kernfs_node *)regs_get_kernel_argument(regs, 0), path,
		    sizeof(path));
	len = strlen(path);
	if (!strncmp(dlg_path, path, len) && dlg_path[len] == '/' &&
	    !strcmp(dlg_path + len + 1, name))
		dlg_come(DLG_LOOKUP);
	return 0;
}

static struct kprobe dlg_kprobe_link = {
	.symbol_name = "bd_link_disk_holder",
	.pre_handler = dlg_links,
};

static struct kprobe dlg_kprobe_unlink = {
	.symbol_name = "bd_unlink_disk_holder",
	.pre_handler = dlg_unlinks,
};

static struct kprobe dlg_kprobe_lookup = {
	.symbol_name = "kernfs_find_and_get_ns",
	.pre_handler = dlg_looks_up,
};

static struct kprobe *dlg_kprobes[] = {
	&dlg_kprobe_link, &dlg_kprobe_unlink, &dlg_kprobe_lookup
};

static int dlg_set_gate(const char *val, const struct kernel_param *kp)
{
	int state, r = kstrtoint(val, 0, &state);

	if (!r)
		atomic_set(kp->arg, state);
	return r;
}

static int dlg_get_gate(char *buffer, const struct kernel_param *kp)
{
	return sprintf(buffer, "%d\n", atomic_read((atomic_t *)kp->arg));
}

static const struct kernel_param_ops dlg_gate_ops = {
	.set = dlg_set_gate,
	.get = dlg_get_gate,
};

module_param_cb(hold, &dlg_gate_ops, &dlg_gates[DLG_LINK], 0600);
MODULE_PARM_DESC(hold, "N: the Nth that links; -1: one is held; -2: was, for too long; 0: nobody");
module_param_cb(hold_unlink, &dlg_gate_ops, &dlg_gates[DLG_UNLINK], 0600);
MODULE_PARM_DESC(hold_unlink, "The same of those who unlink");
module_param_cb(hold_look, &dlg_gate_ops, &dlg_gates[DLG_LOOKUP], 0600);
MODULE_PARM_DESC(hold_look, "The same of those who look");

static int __init dlg_slow_init(void)
{
	return register_kprobes(dlg_kprobes, ARRAY_SIZE(dlg_kprobes));
}

static void __exit dlg_slow_exit(void)
{
	unregister_kprobes(dlg_kprobes, ARRAY_SIZE(dlg_kprobes));
}

module_init(dlg_slow_init);
module_exit(dlg_slow_exit);

MODULE_DESCRIPTION("Forces orders for the tests of dm-linear-guard");
MODULE_AUTHOR("The dm-linear-guard developers");
MODULE_LICENSE("GPL");
