/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tables as dmsetup and the kernel read them, and the devices that each target opens.
 *
 * Copyright (C) 2026 The dm-linear-guard developers
 */
#ifndef TABLE_H
#define TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct line - a line of a table
 * @number: of those that are no comment, from 1 on
 * @start: first sector
 * @length: sectors
 * @type: of target
 * @words: its parameters
 * @count: of these
 * @text: what these point into
 */
struct line {
	unsigned int number;
	uint64_t start;
	uint64_t length;
	char *type;
	char **words;
	size_t count;
	size_t room;
	char *text;
};

struct table {
	struct line *lines;
	size_t count;
	size_t room;
};

/* A line that dmsetup would not send to the kernel; all before it are in the table. */
struct bad_line {
	unsigned int number;
	const char *reason;
};

bool table_read(struct table *table, const char *text, struct bad_line *bad);
void table_free(struct table *table);

/* The devices that a line opens, in the order in which its constructor does. */
struct opened {
	const char **words;
	size_t count;
	size_t room;
};

enum known {
	KNOWN,
	KNOWN_NOT,	/* nothing here knows this target */
	KNOWN_BAD	/* its parameters are not those that are known */
};

enum known table_opens(const struct line *line, unsigned int kernel,
		       struct opened *opened);
void opened_free(struct opened *opened);

#endif /* TABLE_H */
