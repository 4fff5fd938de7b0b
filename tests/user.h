/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the programs share that hold others up, most of them as an ordinary user.
 */
#ifndef DLG_TESTS_USER_H
#define DLG_TESTS_USER_H

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#define NOBODY 65534

/* What getdents64() takes for "." and "..". */
#define DOTS 48

static void __attribute__((noreturn)) fail(const char *what)
{
	perror(what);
	exit(2);
}

/* From root to a user without any capability. */
static inline void become_nobody(void)
{
	if (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY))
		fail("setresuid");
	/* As after an exec(): else the files in /proc/self are root's. */
	if (prctl(PR_SET_DUMPABLE, 1))
		fail("prctl");
}

static inline ssize_t read_entries(int dir, void *buffer, size_t size)
{
	return syscall(SYS_getdents64, dir, buffer, size);
}

static inline void say(const char *what)
{
	if (puts(what) < 0 || fflush(stdout))
		fail("stdout");
}

#endif
