/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What status says of a device, in columns.
 *
 * Copyright (C) 2026 The dm-linear-guard developers
 */
#ifndef COLUMNS_H
#define COLUMNS_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "mapper.h"
#include "rules.h"
#include "stack.h"

/**
 * struct shown - what is known of a device that is shown
 * @targets: kinds of its live table, with commas between them; or NULL
 * @served: by whom
 * @live: it has a live table
 * @inactive: and an inactive one
 * @suspended: it is
 * @unknown: what of it is live, inactive or suspended could not be found out
 * @in_loop: the devices below lead back to it
 * @selected: it was asked for by name
 */
struct shown {
	const char *targets;
	enum served served;
	bool live;
	bool inactive;
	bool suspended;
	bool unknown;
	bool in_loop;
	bool selected;
};

enum column {
	COLUMN_NAME,
	COLUMN_KNAME,
	COLUMN_NUMBER,
	COLUMN_UUID,
	COLUMN_SIZE,
	COLUMN_RO,
	COLUMN_TARGETS,
	COLUMN_SERVED,
	COLUMN_DEPTH,
	COLUMN_STATE,
	COLUMN_TABLES,
	COLUMN_SLAVES,
	COLUMN_HOLDERS,
	COLUMN_HIDDEN,
	COLUMN_LOOP,
	COLUMN_REASON,
	COLUMNS
};

/**
 * struct layout - which columns, and how
 * @at: in this order
 * @count: of these
 * @tree: draw what a device is stacked on below it
 * @raw: no spaces, and a word for what is empty
 * @pairs: NAME="value"
 * @no_headings: no headings
 * @bytes: sizes in bytes
 * @setting: of the module, for what to do
 */
struct layout {
	enum column at[COLUMNS];
	size_t count;
	bool tree;
	bool raw;
	bool pairs;
	bool no_headings;
	bool bytes;
	const struct setting *setting;
};

bool layout_parse(struct layout *layout, const char *list, const char **unknown);
void layout_all(struct layout *layout);
void layout_help(FILE *file);

char *column_reason(const struct device *device, const struct setting *setting);
struct json_object *columns_json(const struct layout *layout,
				 const struct device *device);

/* A table on standard output. */
struct listing;
struct libscols_line;
struct listing *listing_new(const struct layout *layout);
struct libscols_line *listing_add(struct listing *listing, const struct device *device,
				  struct libscols_line *parent, const char *mark);
bool listing_end(struct listing *listing);

#endif /* COLUMNS_H */
