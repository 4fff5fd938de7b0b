/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's log.
 *
 * Copyright (C) 2026 The dm-linear-guard developers
 */
#ifndef KMSG_H
#define KMSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

bool kmsg_last(const char * const *patterns, char *text, size_t size,
	       uint64_t *seconds);

/* What it says of a device from a moment on. */
int kmsg_mark(void);
void kmsg_say_since(int mark, dev_t number, const char *kname);

#endif /* KMSG_H */
