// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stay where files and directories are being read, as any user can.
 *
 * Usage: linger [-t] PATH...
 *
 * Becomes an ordinary user, watches each path by inotify, reads the first bytes of it,
 * or the first entries, and keeps it open.  Prints "lingers" and stays until killed.
 *
 * -t: another process does so, and is stopped by ptrace within the system call that
 * reads the last directory
 */
#define _GNU_SOURCE

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/inotify.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "user.h"

/* Room for the dots and an entry or two, so that there are more. */
static char buffer[DOTS + 64];

/* Returns the descriptor if it is a directory, else -1. */
static int open_and_read(const char *path, int inotify)
{
	int file = open(path, O_RDONLY);
	struct stat status;

	if (file < 0 || fstat(file, &status) ||
	    inotify_add_watch(inotify, path, IN_ALL_EVENTS) < 0)
		fail(path);
	if (S_ISDIR(status.st_mode)) {
		if (read_entries(file, buffer, sizeof(buffer)) < 0)
			fail(path);
		return file;
	}
	if (read(file, buffer, 1) != 1)
		fail(path);
	return -1;
}

static void linger(char **paths, bool traced)
{
	int inotify = inotify_init(), last = -1, dir;

	if (inotify < 0)
		fail("inotify");
	for (; *paths; paths++) {
		dir = open_and_read(*paths, inotify);
		if (dir >= 0)
			last = dir;
	}
	if (traced) {
		/* No call in between: the next one that is stopped is the second. */
		syscall(SYS_kill, getpid(), SIGSTOP);
		read_entries(last, buffer, sizeof(buffer));
	}
	say("lingers");
	for (;;)
		pause();
}

/* Let the traced process go on, to where it begins or ends a system call. */
static void step(pid_t pid)
{
	int status;

	if (ptrace(PTRACE_SYSCALL, pid, 0, 0) || waitpid(pid, &status, 0) != pid)
		fail("ptrace");
	if (!WIFSTOPPED(status) || WSTOPSIG(status) != (SIGTRAP | 0x80)) {
		fprintf(stderr, "linger: not stopped in a system call\n");
		exit(2);
	}
}

static void trace(char **paths)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		fail("fork");
	if (!pid) {
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) || ptrace(PTRACE_TRACEME, 0, 0, 0))
			fail("ptrace");
		linger(paths, true);
	}
	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status) ||
	    WSTOPSIG(status) != SIGSTOP ||
	    ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD)) {
		fprintf(stderr, "linger: the traced process does not stop\n");
		exit(2);
	}
	/* The call begins, and ends. */
	step(pid);
	step(pid);
	printf("%d is stopped\n", pid);
	say("lingers");
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	bool traced = argc > 1 && !strcmp(argv[1], "-t");
	char **paths = argv + 1 + traced;

	if (!*paths) {
		fprintf(stderr, "usage: linger [-t] PATH...\n");
		return 2;
	}
	become_nobody();
	if (traced)
		trace(paths);
	linger(paths, false);
}
