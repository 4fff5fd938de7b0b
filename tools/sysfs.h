/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Block devices as sysfs shows them.
 *
 * Copyright (C) 2026 The dm-linear-guard developers
 */
#ifndef SYSFS_H
#define SYSFS_H

#include <stddef.h>
#include <stdint.h>

#include "stack.h"

int sysfs_read_devices(struct stack *stack);
int sysfs_read_links(struct stack *stack);
void sysfs_read_names(struct stack *stack);

/* A file of a device's, as in "queue/rotational". */
uint64_t sysfs_number(const struct device *device, const char *file);
size_t sysfs_text(const struct device *device, const char *file, char *text, size_t size);

#endif /* SYSFS_H */
