/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Functions of the kernel, diverted.
 *
 * Copyright (C) 2026 The dm-linear-guard developers
 */
#ifndef GUARD_DIVERT_H
#define GUARD_DIVERT_H

int guard_divert_start(void);
void guard_divert_stop(void);
const char *guard_divert_why_not(int r);

#endif /* GUARD_DIVERT_H */
