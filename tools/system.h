/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Files of the system, or of a copy of one.
 *
 * Copyright (C) 2026 The dm-linear-guard developers
 */
#ifndef SYSTEM_H
#define SYSTEM_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

/* All paths are below the root of the system, and begin without a slash. */
void system_set_root(const char *path);
bool system_is_copy(void);
char *system_path(const char *path);

int system_open(const char *path, int flags);
FILE *system_file(const char *path);
bool system_has(const char *path);
ssize_t system_read(const char *path, char *text, size_t size);
ssize_t system_link(const char *path, char *text, size_t size);
int system_write(const char *path, const char *text);

/* For each name of a directory but "." and "..", until one returns other than 0. */
typedef int (*system_name_fn)(const char *name, void *data);
int system_each(const char *path, system_name_fn fn, void *data);

/* As 0x0602 is 6.2. */
unsigned int system_kernel(void);
const char *system_release(void);

#endif /* SYSTEM_H */
