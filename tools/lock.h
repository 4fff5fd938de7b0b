/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Locks: our own, and LVM's.
 *
 * Copyright (C) 2026 The dm-linear-guard developers
 */
#ifndef LOCK_H
#define LOCK_H

/* Both return a negative errno, or what lock_group_end() takes: -EINTR for a signal. */
int lock_own(void);
int lock_group(const char *group);
void lock_group_end(const char *group, int lock);

#endif /* LOCK_H */
