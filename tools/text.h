/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Names as people read and write them.
 *
 * Copyright (C) 2026 The dm-linear-guard developers
 */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

char *text_shown(const char *raw);
char *text_quoted(const char *shown);
char *text_unmangled(const char *mangled);
char *text_size(uint64_t bytes);
char *text_age(uint64_t seconds);
const char *text_error(int error);
bool text_number(const char *text, dev_t *number);

#endif /* TEXT_H */
