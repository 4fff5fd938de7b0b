// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kills processes while they load a table and resume it.
 *
 * Usage: kills NAME PARAMETERS TIMES
 *
 * TIMES a process loads the linear table of 2048 sectors for the mapped device
 * NAME and resumes it, and is killed after up to half as long again as it takes
 * one that is let be.  Prints for each whether it was killed or had finished.
 * In the end, and after each that was killed, another must do it all.  Exits
 * with 1 if one cannot.
 *
 * A load can meet another one's table that closes a loop and is about to be refused:
 * for that moment the stack is endless, and the load is refused, too.  That is said,
 * and the load is made again.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../raw.h"

static char **arg;

static int load_and_resume(void)
{
	prepare_load(arg[1], "linear", 2048, arg[2]);
	if (ioctl(control, DM_TABLE_LOAD, &dm))
		return errno;
	prepare(arg[1], 0);
	return ioctl(control, DM_DEV_SUSPEND, &dm) ? errno : 0;
}

static pid_t start(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(load_and_resume());
	if (pid < 0) {
		perror("fork");
		exit(2);
	}
	return pid;
}

static bool has_met_a_loop(int status)
{
	if (!WIFEXITED(status) || WEXITSTATUS(status) != ELOOP)
		return false;
	printf("met a loop\n");
	return true;
}

static long microseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000L + now.tv_nsec / 1000;
}

/* How long it takes one that is let be. */
static long let_be(void)
{
	long since;
	int status;

	do {
		since = microseconds();
		waitpid(start(), &status, 0);
	} while (has_met_a_loop(status));
	if (status) {
		printf("not done: %s\n", strerror(WEXITSTATUS(status)));
		exit(1);
	}
	return microseconds() - since;
}

int main(int argc, char **argv)
{
	int times, status;
	long time;
	pid_t pid;

	arg = argv;
	if (argc != 4) {
		fprintf(stderr, "usage: kills NAME PARAMETERS TIMES\n");
		return 2;
	}
	control = open("/dev/mapper/control", O_RDWR);
	if (control < 0) {
		perror("/dev/mapper/control");
		return 2;
	}
	srandom(getpid());
	time = let_be();
	for (times = atoi(argv[3]); times; times--) {
		pid = start();
		usleep(random() % (time + time / 2));
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		if (WIFSIGNALED(status)) {
			printf("killed\n");
			time = let_be();
		} else if (!status) {
			printf("finished\n");
		} else if (!has_met_a_loop(status)) {
			printf("failed: %s\n", strerror(WEXITSTATUS(status)));
			return 1;
		}
	}
	let_be();
	return 0;
}
