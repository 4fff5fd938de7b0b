// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files of the system, or of a copy of one.
 *
 * Copyright (C) 2026 The dm-linear-guard developers
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "command.h"
#include "say.h"
#include "system.h"

static const char *root_path;
static int root_fd = -1;

/**
 * system_set_root() - look at a copy of a system, in a directory
 * @path: of the directory, or NULL for the system itself
 */
void system_set_root(const char *path)
{
	if (root_fd >= 0)
		close(root_fd);
	root_path = path;
	root_fd = open(path ? path : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root_fd < 0)
		die(STATUS_FAILED, "%s: %s", path ? path : "/", strerror(errno));
}

bool system_is_copy(void)
{
	return root_path;
}

/**
 * system_path() - the whole path, for libraries
 *
 * Return: to be freed.
 */
char *system_path(const char *path)
{
	return format_text("%s/%s", root_path ? root_path : "", path);
}

int system_open(const char *path, int flags)
{
	if (root_fd < 0)
		system_set_root(NULL);
	return openat(root_fd, path, flags | O_CLOEXEC);
}

/**
 * system_file() - open one for reading lines
 *
 * Return: NULL with errno set.
 */
FILE *system_file(const char *path)
{
	int fd = system_open(path, O_RDONLY);
	FILE *file;

	if (fd < 0)
		return NULL;
	file = fdopen(fd, "re");
	if (!file)
		close(fd);
	return file;
}

bool system_has(const char *path)
{
	if (root_fd < 0)
		system_set_root(NULL);
	return !faccessat(root_fd, path, F_OK, 0);
}

/**
 * system_read() - all of a short file, without the newline at its end
 * @path: of the file
 * @text: receives it; empty if there is an error
 * @size: of @text
 *
 * Return: its length, or a negative errno.
 */
ssize_t system_read(const char *path, char *text, size_t size)
{
	int fd = system_open(path, O_RDONLY);
	ssize_t length;

	text[0] = '\0';
	if (fd < 0)
		return -errno;
	length = read(fd, text, size - 1);
	if (length < 0)
		length = -errno;
	close(fd);
	if (length < 0)
		return length;
	if (length && text[length - 1] == '\n')
		length--;
	text[length] = '\0';
	return length;
}

/**
 * system_link() - where a symbolic link leads
 *
 * Return: the length of @text, or a negative errno.
 */
ssize_t system_link(const char *path, char *text, size_t size)
{
	ssize_t length;

	if (root_fd < 0)
		system_set_root(NULL);
	length = readlinkat(root_fd, path, text, size - 1);
	if (length < 0)
		return -errno;
	text[length] = '\0';
	return length;
}

/**
 * system_write() - write a short file of sysfs
 *
 * Return: 0 or a negative errno.
 */
int system_write(const char *path, const char *text)
{
	int fd = system_open(path, O_WRONLY);
	int r = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		r = -errno;
	if (close(fd) && !r)
		r = -errno;
	return r;
}

/**
 * system_each() - for each name of a directory
 * @path: of the directory
 * @fn: called for each; what it returns other than 0 ends this
 * @data: for it
 *
 * Return: what @fn returned, or a negative errno.
 */
int system_each(const char *path, system_name_fn fn, void *data)
{
	/* 35 KiB, aligned for its entries. */
	struct dirent64 *entry, buffer[128];
	int fd = system_open(path, O_RDONLY | O_DIRECTORY);
	ssize_t length = 0;
	char *at;
	int r = 0;

	if (fd < 0)
		return -errno;
	while (!r && (length = getdents64(fd, buffer, sizeof(buffer))) > 0) {
		for (at = (char *)buffer; !r && at < (char *)buffer + length;
		     at += entry->d_reclen) {
			entry = (struct dirent64 *)(void *)at;
			if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
				r = fn(entry->d_name, data);
		}
	}
	if (!r && length < 0)
		r = -errno;
	close(fd);
	return r;
}

/**
 * system_release() - what uname -r says
 */
const char *system_release(void)
{
	static char release[128];
	struct utsname name;

	if (release[0])
		return release;
	if (system_is_copy())
		system_read("proc/sys/kernel/osrelease", release, sizeof(release));
	else if (!uname(&name))
		snprintf(release, sizeof(release), "%s", name.release);
	if (!release[0])
		strcpy(release, "unknown");
	return release;
}

unsigned int system_kernel(void)
{
	unsigned int major = 0, minor = 0;

	if (sscanf(system_release(), "%u.%u", &major, &minor) != 2)
		return 0;
	return major << 8 | (minor & 0xff);
}
