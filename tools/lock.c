// SPDX-License-Identifier: GPL-2.0-only
/*
 * Locks: our own, and LVM's.
 *
 * Copyright (C) 2026 The dm-linear-guard developers
 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lock.h"
#include "say.h"

/* Where nobody but root can make, or take, a file. */
#define OWN "/run/dm-linear-guard.lock"
#define GROUPS "/run/lock/lvm"

static int wait_for(int lock, const char *whom)
{
	if (!flock(lock, LOCK_EX | LOCK_NB))
		return 0;
	if (errno == EWOULDBLOCK) {
		say("waiting for %s", whom);
		if (!flock(lock, LOCK_EX))
			return 0;
	}
	return -errno;
}

/**
 * lock_own() - one command that moves devices at a time
 *
 * Until this process ends, as nothing else holds the file open.
 */
int lock_own(void)
{
	int lock = open(OWN, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600), r;

	if (lock < 0)
		return -errno;
	r = wait_for(lock, "another adopt or release to end");
	if (r) {
		close(lock);
		return r;
	}
	return lock;
}

static bool is_file(int lock, const char *path)
{
	struct stat one, other;

	return !fstat(lock, &one) && !stat(path, &other) &&
		one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

/* Whoever has had the lock removes its file: again, until it is the one there. */
static int lock_file(const char *path, const char *group)
{
	char whom[300];
	int lock, r;

	snprintf(whom, sizeof(whom), "LVM, which is at work on %s", group);
	for (;;) {
		lock = open(path, O_CREAT | O_APPEND | O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (lock < 0)
			return -errno;
		r = wait_for(lock, whom);
		if (!r && is_file(lock, path))
			return lock;
		close(lock);
		if (r)
			return r;
	}
}

static void unlock_file(const char *path, int lock)
{
	if (!flock(lock, LOCK_EX | LOCK_NB) && is_file(lock, path))
		unlink(path);
	close(lock);
}

/**
 * lock_group() - LVM's own lock of a group, under which nobody else changes its tables
 * @group: its name
 *
 * As LVM does it: who wants to write holds a second file meanwhile, so that those who
 * only read do not come in between.  (lvmlockd's locks, of groups that other machines
 * share, are not taken.)
 *
 * Return: a lock for lock_group_end(); -ENOENT if LVM has no locks; -EINTR and others.
 */
int lock_group(const char *group)
{
	char path[PATH_MAX], first[PATH_MAX + 8];
	int lock, queue;

	if (snprintf(path, sizeof(path), GROUPS "/V_%s", group) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	snprintf(first, sizeof(first), "%s:aux", path);
	queue = lock_file(first, group);
	if (queue < 0)
		return queue;
	lock = lock_file(path, group);
	unlock_file(first, queue);
	return lock;
}

/**
 * lock_group_end() - let others have it
 * @group: its name
 * @lock: from lock_group()
 */
void lock_group_end(const char *group, int lock)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), GROUPS "/V_%s", group);
	unlock_file(path, lock);
}
