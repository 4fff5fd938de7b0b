// SPDX-License-Identifier: GPL-2.0-only
/*
 * What status says of a device, in columns.
 *
 * Copyright (C) 2026 The dm-linear-guard developers
 */

#include <ctype.h>
#include <inttypes.h>
#include <libsmartcols/libsmartcols.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "columns.h"
#include "command.h"
#include "json.h"
#include "say.h"
#include "sysfs.h"
#include "text.h"

static const struct {
	const char *name;
	const char *help;
	int flags;
} columns[COLUMNS] = {
	[COLUMN_NAME] = { "NAME", "name", SCOLS_FL_NOEXTREMES },
	[COLUMN_KNAME] = { "KNAME", "name in the kernel", 0 },
	[COLUMN_NUMBER] = { "MAJ:MIN", "major:minor number", 0 },
	[COLUMN_UUID] = { "UUID", "UUID of a mapped device", 0 },
	[COLUMN_SIZE] = { "SIZE", "size (-b: in bytes)", SCOLS_FL_RIGHT },
	[COLUMN_RO] = { "RO", "1: it is read-only", SCOLS_FL_RIGHT },
	[COLUMN_TARGETS] = { "TARGETS", "kinds of targets of its live table", 0 },
	[COLUMN_SERVED] = {
		"SERVED-BY", "guard, stock or both; empty: no linear line", 0 },
	[COLUMN_DEPTH] = {
		"DEPTH", "devices below it on the longest way down; \"loop\": in or above one",
		SCOLS_FL_RIGHT },
	[COLUMN_STATE] = { "STATE", "active, suspended or gone; empty: no mapped device", 0 },
	[COLUMN_TABLES] = { "TABLES", "tables that it has: live, inactive, both or none", 0 },
	[COLUMN_SLAVES] = { "SLAVES", "devices that it is stacked on", SCOLS_FL_TRUNC },
	[COLUMN_HOLDERS] = { "HOLDERS", "devices that are stacked on it", SCOLS_FL_TRUNC },
	[COLUMN_HIDDEN] = {
		"HIDDEN", "devices that it uses through a file, swap, zram or a snapshot",
		SCOLS_FL_TRUNC },
	[COLUMN_LOOP] = { "LOOP", "1: it is a part of a loop", SCOLS_FL_RIGHT },
	[COLUMN_REASON] = { "REASON", "why it is not guarded, and what to do", SCOLS_FL_TRUNC },
};

/* Which columns. */

/* "_" is as good as "-". */
static bool find_column(const char *name, size_t length, enum column *column)
{
	unsigned int i;
	size_t j;

	for (i = 0; i < COLUMNS; i++) {
		for (j = 0; j < length && columns[i].name[j]; j++)
			if (toupper((unsigned char)name[j]) != columns[i].name[j] &&
			    (name[j] != '_' || columns[i].name[j] != '-'))
				break;
		if (j < length || columns[i].name[j])
			continue;
		*column = i;
		return true;
	}
	return false;
}

/**
 * layout_parse() - take a list of columns
 * @layout: gets them; as more, if the list begins with "+"
 * @list: names with commas between them
 * @unknown: receives what is none
 */
bool layout_parse(struct layout *layout, const char *list, const char **unknown)
{
	enum column column;
	size_t length;

	if (*list == '+')
		list++;
	else
		layout->count = 0;
	for (;;) {
		list += strspn(list, " ");
		length = strcspn(list, ",");
		*unknown = list;
		if (layout->count == COLUMNS || !find_column(list, length, &column))
			return false;
		layout->at[layout->count++] = column;
		if (!list[length])
			return true;
		list += length + 1;
	}
}

void layout_all(struct layout *layout)
{
	unsigned int i;

	for (i = 0; i < COLUMNS; i++)
		layout->at[i] = i;
	layout->count = COLUMNS;
}

/**
 * layout_help() - list all columns
 */
void layout_help(FILE *file)
{
	unsigned int i;

	for (i = 0; i < COLUMNS; i++)
		fprintf(file, "  %-10s %s\n", columns[i].name, columns[i].help);
}

/* What is in them. */

static const char *served_name(enum served served)
{
	static const char * const names[] = {
		[SERVED_NONE] = NULL, [SERVED_GUARD] = "guard",
		[SERVED_STOCK] = "stock", [SERVED_BOTH] = "both",
	};

	return names[served];
}

static const char *tables_name(const struct shown *shown)
{
	if (shown->live)
		return shown->inactive ? "both" : "live";
	return shown->inactive ? "inactive" : "none";
}

/**
 * column_reason() - why a device is not guarded, and what to do
 *
 * Return: to be freed; NULL if it is, or has no linear lines.
 */
char *column_reason(const struct device *device)
{
	const struct shown *shown = device->data;
	const char *some, *before = "";
	char *name, *quoted, *reason;

	if (!(shown->served & SERVED_STOCK))
		return NULL;
	some = shown->served == SERVED_BOTH ? "some of its lines were" : "its table was";
	if (shown->suspended)
		before = " (it is suspended: resume it first)";
	else if (shown->inactive)
		before = " (resume or clear its inactive table first)";
	name = text_shown(device->name ? device->name : device->kname);
	quoted = text_quoted(name);
	reason = format_text("%s loaded by the stock target%s: dm-linear-guard adopt %s%s",
			     some, before, *name == '-' ? "-- " : "", quoted);
	free(name);
	free(quoted);
	return reason;
}

/* The knames at the other ends of a device's edges, with commas between them. */
static char *list_knames(const struct device *device, enum way way, bool hidden)
{
	const struct edge *edge;
	char *text = NULL;
	size_t size = 0;
	FILE *list = need(open_memstream(&text, &size));
	const char *comma = "";

	for (edge = device->edges[way]; edge; edge = edge->next[way]) {
		if ((edge->kind == EDGE_LINK) == hidden)
			continue;
		fprintf(list, "%s%s", comma,
			(way == WAY_DOWN ? edge->slave : edge->holder)->kname);
		comma = ",";
	}
	if (fclose(list))
		need(NULL);
	need(text);
	if (*text)
		return text;
	free(text);
	return NULL;
}

/* To be freed; NULL if there is nothing to say. */
static char *text_of(const struct device *device, enum column column, bool bytes)
{
	const struct shown *shown = device->data;
	const char *text = NULL;
	uint64_t size;

	switch (column) {
	case COLUMN_NAME:
		text = device->name ? device->name : device->kname;
		break;
	case COLUMN_KNAME:
		text = device->kname;
		break;
	case COLUMN_NUMBER:
		return device->gone ? NULL : format_text("%u:%u", major(device->number),
							 minor(device->number));
	case COLUMN_UUID:
		text = device->uuid;
		break;
	case COLUMN_SIZE:
		size = sysfs_number(device, "size") * 512;
		return bytes ? format_text("%" PRIu64, size) : text_size(size);
	case COLUMN_RO:
		text = sysfs_number(device, "ro") ? "1" : "0";
		break;
	case COLUMN_TARGETS:
		text = shown->targets;
		break;
	case COLUMN_SERVED:
		text = served_name(shown->served);
		break;
	case COLUMN_DEPTH:
		if (device->disk->depth[WAY_DOWN] < STACK_FAR)
			return format_text("%u", device->disk->depth[WAY_DOWN]);
		text = "loop";
		break;
	case COLUMN_STATE:
		text = device->gone ? "gone" : !device->mapped || shown->unknown ? NULL :
			shown->suspended ? "suspended" : "active";
		break;
	case COLUMN_TABLES:
		text = device->mapped && !device->gone && !shown->unknown ?
			tables_name(shown) : NULL;
		break;
	case COLUMN_SLAVES:
		return list_knames(device, WAY_DOWN, false);
	case COLUMN_HOLDERS:
		return list_knames(device, WAY_UP, false);
	case COLUMN_HIDDEN:
		return list_knames(device, WAY_DOWN, true);
	case COLUMN_LOOP:
		text = shown->in_loop ? "1" : "0";
		break;
	case COLUMN_REASON:
		return column_reason(device);
	default:
		break;
	}
	return text ? need(strdup(text)) : NULL;
}

/* JSON. */

static struct json_object *json_knames(const struct device *device, enum way way,
				       bool hidden)
{
	struct json_object *array = need(json_object_new_array());
	const struct edge *edge;

	for (edge = device->edges[way]; edge; edge = edge->next[way]) {
		if ((edge->kind != EDGE_LINK) == hidden)
			json_push(array, json_text((way == WAY_DOWN ? edge->slave :
						    edge->holder)->kname));
	}
	return array;
}

static struct json_object *json_words(const char *words)
{
	struct json_object *array = need(json_object_new_array());
	char *copy = need(strdup(words ? words : "")), *word, *rest = copy;

	while ((word = strsep(&rest, ",")))
		if (*word)
			json_push(array, json_text(word));
	free(copy);
	return array;
}

static struct json_object *json_of(const struct device *device, enum column column)
{
	const struct shown *shown = device->data;
	struct json_object *value;
	char *text;

	switch (column) {
	case COLUMN_SIZE:
		return json_number(sysfs_number(device, "size") * 512);
	case COLUMN_RO:
		return json_object_new_boolean(sysfs_number(device, "ro") != 0);
	case COLUMN_TARGETS:
		return json_words(shown->targets);
	case COLUMN_DEPTH:
		if (device->disk->depth[WAY_DOWN] == STACK_FAR)
			return NULL;
		return json_number(device->disk->depth[WAY_DOWN]);
	case COLUMN_SLAVES:
		return json_knames(device, WAY_DOWN, false);
	case COLUMN_HOLDERS:
		return json_knames(device, WAY_UP, false);
	case COLUMN_HIDDEN:
		return json_knames(device, WAY_DOWN, true);
	case COLUMN_LOOP:
		return json_object_new_boolean(shown->in_loop);
	default:
		text = text_of(device, column, true);
		value = json_text(text);
		free(text);
		return value;
	}
}

/**
 * columns_json() - a device as an object
 * @layout: which members
 * @device: which
 */
struct json_object *columns_json(const struct layout *layout, const struct device *device)
{
	struct json_object *object = need(json_object_new_object());
	char key[16];
	size_t i, j;

	for (i = 0; i < layout->count; i++) {
		snprintf(key, sizeof(key), "%s", columns[layout->at[i]].name);
		for (j = 0; key[j]; j++)
			key[j] = key[j] == '-' ? '_' : (char)tolower((unsigned char)key[j]);
		json_set(object, key, json_of(device, layout->at[i]));
	}
	return object;
}

/* Tables. */

/**
 * table_new() - begin one
 * @layout: which columns, and how
 */
struct libscols_table *table_new(const struct layout *layout)
{
	struct libscols_table *table = need(scols_new_table());
	bool drawn = false;
	size_t i;
	int flags;

	scols_table_enable_raw(table, layout->raw);
	scols_table_enable_export(table, layout->pairs);
	scols_table_enable_noheadings(table, layout->no_headings);
	for (i = 0; i < layout->count; i++) {
		flags = columns[layout->at[i]].flags;
		if (layout->tree && layout->at[i] == COLUMN_NAME && !drawn) {
			flags |= SCOLS_FL_TREE;
			drawn = true;
		}
		need(scols_table_new_column(table, columns[layout->at[i]].name, 0, flags));
	}
	return table;
}

/**
 * table_add() - add a device
 * @table: to which
 * @layout: of it
 * @device: which
 * @parent: what it is drawn below, or NULL
 * @mark: behind its name, or ""
 */
struct libscols_line *table_add(struct libscols_table *table, const struct layout *layout,
				const struct device *device,
				struct libscols_line *parent, const char *mark)
{
	struct libscols_line *line = need(scols_table_new_line(table, parent));
	char *text, *marked;
	size_t i;

	for (i = 0; i < layout->count; i++) {
		text = text_of(device, layout->at[i], layout->bytes);
		if (layout->at[i] == COLUMN_NAME && *mark) {
			marked = format_text("%s%s", text, mark);
			free(text);
			text = marked;
		}
		/* Words must be as many as columns. */
		if (!text && layout->raw)
			text = need(strdup("-"));
		if (text && scols_line_refer_data(line, i, text))
			need(NULL);
	}
	return line;
}

/**
 * table_print() - end a table
 */
void table_print(struct libscols_table *table)
{
	if (scols_print_table(table))
		die(STATUS_FAILED, "the table cannot be printed");
	scols_unref_table(table);
}
