// SPDX-License-Identifier: GPL-2.0-only
/*
 * How many nanoseconds of a processor a command takes, in user space and in the
 * kernel, without those of its children.
 *
 * Usage: cputime COMMAND...; the command's output goes to standard error.
 */
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct timespec time;
	clockid_t clock;
	siginfo_t info;
	pid_t pid;

	if (argc < 2) {
		fprintf(stderr, "usage: cputime COMMAND...\n");
		return 2;
	}
	pid = fork();
	if (!pid) {
		dup2(2, 1);
		execvp(argv[1], argv + 1);
		perror(argv[1]);
		_exit(127);
	}

	/* Its clock is there until it is waited for. */
	if (pid < 0 || waitid(P_PID, pid, &info, WEXITED | WNOWAIT) ||
	    clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &time)) {
		perror("cputime");
		return 2;
	}
	printf("%lld\n", time.tv_sec * 1000000000LL + time.tv_nsec);
	return info.si_code == CLD_EXITED ? info.si_status : 2;
}
