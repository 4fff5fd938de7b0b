// SPDX-License-Identifier: GPL-2.0-only
/*
 * How many nanoseconds of a processor a command takes, in user space and in the
 * kernel, without those of its children; or how many bytes it has in memory at most.
 *
 * Usage: cputime [-m] COMMAND...; the command's output goes to standard error.
 */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct timespec time;
	struct rusage usage;
	clockid_t clock;
	siginfo_t info;
	int memory;
	pid_t pid;

	memory = argc > 1 && !strcmp(argv[1], "-m");
	argc -= memory;
	argv += memory;
	if (argc < 2) {
		fprintf(stderr, "usage: cputime [-m] COMMAND...\n");
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
	if (memory) {
		if (waitpid(pid, NULL, 0) < 0 || getrusage(RUSAGE_CHILDREN, &usage)) {
			perror("cputime");
			return 2;
		}
		printf("%lld\n", usage.ru_maxrss * 1024LL);
	} else {
		printf("%lld\n", time.tv_sec * 1000000000LL + time.tv_nsec);
	}
	return info.si_code == CLD_EXITED ? info.si_status : 2;
}
