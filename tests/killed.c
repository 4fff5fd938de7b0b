// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kill a command when it has returned from its Nth call of ioctl() or write().
 *
 * Usage: killed N COMMAND...
 *
 * By SIGKILL, before it does anything else.  Exits with 0 if it was killed, with 1 if it
 * ended before, and with 2 if this could not be done.
 */

#define _GNU_SOURCE

#include <errno.h>
#include <linux/ptrace.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void __attribute__((noreturn)) fail(const char *what)
{
	perror(what);
	exit(2);
}

/* Not glibc's, whose header cannot be had with the kernel's. */
static long ptrace(long request, pid_t pid, void *address, void *data)
{
	return syscall(SYS_ptrace, request, pid, address, data);
}

static int counts(const struct ptrace_syscall_info *info)
{
	return info->op == PTRACE_SYSCALL_INFO_ENTRY &&
		(info->entry.nr == SYS_ioctl || info->entry.nr == SYS_write);
}

/* Until the next stop; the exit of the process ends this one. */
static int next_stop(pid_t pid, int signal)
{
	int status;

	if (ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(long)signal))
		fail("ptrace");
	if (waitpid(pid, &status, 0) < 0)
		fail("waitpid");
	if (!WIFSTOPPED(status))
		exit(1);
	return WSTOPSIG(status);
}

int main(int argc, char **argv)
{
	struct ptrace_syscall_info info;
	int status, stop = 0, inside = 0;
	long left;
	pid_t pid;

	left = argc > 2 ? atol(argv[1]) : 0;
	if (left < 1) {
		fprintf(stderr, "usage: killed N COMMAND...\n");
		return 2;
	}
	pid = fork();
	if (pid < 0)
		fail("fork");
	if (!pid) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) || raise(SIGSTOP))
			_exit(127);
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) < 0 || !WIFSTOPPED(status))
		fail("the command does not begin");
	if (ptrace(PTRACE_SETOPTIONS, pid, NULL,
		   (void *)(long)(PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL)))
		fail("ptrace");

	for (;;) {
		stop = next_stop(pid, stop);
		if (stop == SIGTRAP) {
			/* It has begun. */
			stop = 0;
			continue;
		}
		if (stop != (SIGTRAP | 0x80))
			continue;
		stop = 0;
		if (inside) {
			inside = 0;
			if (!--left)
				break;
		} else if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, (void *)sizeof(info),
				  &info) < 0) {
			fail("ptrace");
		} else {
			inside = counts(&info);
		}
	}
	if (kill(pid, SIGKILL) || waitpid(pid, &status, 0) < 0)
		fail("kill");
	return 0;
}
