/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Messages, and the ends of this program.
 *
 * Copyright (C) 2026 The dm-linear-guard developers
 */
#ifndef SAY_H
#define SAY_H

#include <stdbool.h>
#include <stddef.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

__attribute__((format(printf, 1, 2)))
void say(const char *format, ...);
__attribute__((noreturn, format(printf, 2, 3)))
void die(int status, const char *format, ...);

/* The memory, or the end. */
__attribute__((returns_nonnull))
void *need(void *memory);
__attribute__((returns_nonnull))
void *grow(void *array, size_t count, size_t *room, size_t size);
__attribute__((format(printf, 1, 2), returns_nonnull))
char *format_text(const char *format, ...);

void need_root(const char *what);
void write_output(const char *text, size_t size);
void flush_output(void);
int end_output(int status);

#endif /* SAY_H */
