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
	[COLUMN_NAME] = { "NAME", "name", 0 },
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
	[COLUMN_SLAVES] = { "SLAVES", "devices that it is stacked on", 0 },
	[COLUMN_HOLDERS] = { "HOLDERS", "devices that are stacked on it", 0 },
	[COLUMN_HIDDEN] = {
		"HIDDEN", "devices that it uses through a file, swap, zram or a snapshot",
		0 },
	[COLUMN_LOOP] = { "LOOP", "1: it is a part of a loop", SCOLS_FL_RIGHT },
	[COLUMN_REASON] = { "REASON", "why it is not guarded, and what to do", 0 },
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
 * @unknown: receives what is none; NULL if there are too many
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
		if (!find_column(list, length, &column))
			return false;
		*unknown = NULL;
		if (layout->count == COLUMNS)
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
 * @device: which
 * @setting: of the module
 *
 * Return: to be freed; NULL if it is, or has no linear lines.
 */
char *column_reason(const struct device *device, const struct setting *setting)
{
	const struct shown *shown = device->data;
	const char *some, *before = "";
	char *name, *quoted, *reason;

	if (!(shown->served & SERVED_STOCK))
		return NULL;
	if (!setting->loaded)
		return need(strdup("the module is not loaded: modprobe dm-linear-guard"));
	some = shown->served == SERVED_BOTH ? "some of its lines were" : "its table was";
	if (shown->suspended)
		before = " (it is suspended: resume it first)";
	else if (shown->inactive)
		before = " (resume or clear its inactive table first)";
	/* One device is moved only to where new tables go. */
	if (!setting->takeover)
		return format_text("%s loaded by the stock target, and takeover is off%s: "
				   "dm-linear-guard adopt --all", some, before);
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
static char *text_of(const struct device *device, enum column column,
		     const struct layout *layout)
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
		return layout->bytes ? format_text("%" PRIu64, size) : text_size(size);
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
		return column_reason(device, layout->setting);
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

static struct json_object *json_of(const struct device *device, enum column column,
				   const struct layout *layout)
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
		text = text_of(device, column, layout);
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
		json_set(object, key, json_of(device, layout->at[i], layout));
	}
	return object;
}

/*
 * Tables.
 *
 * libsmartcols keeps all lines of a table until it is freed, with up to 64 bytes for each
 * cell beside its text: more than 10 MiB for 10,000 devices.  So a large table is printed
 * in parts.  The devices are added in two rounds: the first is for the widths of the
 * columns, the second for the output.  In the second each part ends with a line of these
 * widths, which is not printed.
 *
 * On a terminal they are the same as elsewhere.  There, libsmartcols would look at all lines
 * to decide what to cut off: what REASON says to do, as that is long.
 */

/* A part ends when it takes so many bytes, with so many for each cell beside its text. */
#define PART_SIZE (256 * 1024)
#define CELL_SIZE 64

/**
 * struct listing - a table on standard output
 * @layout: which columns, and how
 * @part: the lines that are not printed yet
 * @lines: how many these are
 * @size: how many bytes they take
 * @in_parts: the table is too large for one part
 * @prints: this round is for the output, not for the widths
 * @headed: the headings are printed
 * @widths: the widths of the columns
 */
struct listing {
	const struct layout *layout;
	struct libscols_table *part;
	size_t lines;
	size_t size;
	bool in_parts;
	bool prints;
	bool headed;
	size_t widths[COLUMNS];
};

/* In the other formats a line does not depend on others. */
static bool has_widths(const struct layout *layout)
{
	return !layout->raw && !layout->pairs;
}

static bool has_headings(const struct listing *listing)
{
	return !listing->layout->no_headings && !listing->headed;
}

static void begin_part(struct listing *listing)
{
	const struct layout *layout = listing->layout;
	struct libscols_table *part = need(scols_new_table());
	bool drawn = false;
	size_t i;
	int flags;

	scols_table_enable_raw(part, layout->raw);
	scols_table_enable_export(part, layout->pairs);
	scols_table_enable_noheadings(part, !has_headings(listing));
	scols_table_set_termforce(part, SCOLS_TERMFORCE_NEVER);
	for (i = 0; i < layout->count; i++) {
		flags = columns[layout->at[i]].flags;
		if (layout->tree && layout->at[i] == COLUMN_NAME && !drawn) {
			flags |= SCOLS_FL_TREE;
			drawn = true;
		}
		need(scols_table_new_column(part, columns[layout->at[i]].name, 0, flags));
	}
	listing->part = part;
	listing->lines = 0;
	listing->size = 0;
}

static void put_cell(struct libscols_line *line, size_t i, char *text)
{
	if (text && scols_line_refer_data(line, i, text))
		need(NULL);
}

static void add_widest(struct listing *listing)
{
	struct libscols_line *line = need(scols_table_new_line(listing->part, NULL));
	char *text;
	size_t i;

	for (i = 0; i < listing->layout->count; i++) {
		text = need(calloc(listing->widths[i] + 1, 1));
		memset(text, 'x', listing->widths[i]);
		put_cell(line, i, text);
	}
}

static void note_widths(struct listing *listing)
{
	size_t i, width;

	for (i = 0; i < listing->layout->count; i++) {
		width = scols_column_get_width(scols_table_get_column(listing->part, i));
		if (width > listing->widths[i])
			listing->widths[i] = width;
	}
}

/* Print so many lines and drop the rest.  end_output() reports errors. */
static ssize_t let_through(void *cookie, const char *text, size_t size)
{
	size_t *lines = cookie, i;

	for (i = 0; *lines && i < size; i++)
		*lines -= text[i] == '\n';
	write_output(text, i);
	return (ssize_t)size;
}

static void end_part(struct listing *listing)
{
	cookie_io_functions_t functions = { .write = let_through };
	size_t lines = SIZE_MAX;
	FILE *out;

	if (listing->in_parts && has_widths(listing->layout)) {
		lines = listing->prints ? listing->lines + has_headings(listing) : 0;
		if (listing->prints)
			add_widest(listing);
	}
	out = need(fopencookie(&lines, "w", functions));
	scols_table_set_stream(listing->part, out);
	if (scols_print_table(listing->part))
		die(STATUS_FAILED, "the table cannot be printed");
	fclose(out);
	if (listing->prints)
		listing->headed = true;
	else
		note_widths(listing);
	scols_unref_table(listing->part);
}

/**
 * listing_new() - begin one
 * @layout: which columns, and how
 */
struct listing *listing_new(const struct layout *layout)
{
	struct listing *listing = need(calloc(1, sizeof(*listing)));

	listing->layout = layout;
	listing->prints = !has_widths(layout);
	begin_part(listing);
	return listing;
}

/**
 * listing_add() - add a device
 * @listing: to which
 * @device: which
 * @parent: what it is drawn below, or NULL: only there can a part end
 * @mark: behind its name, or ""
 */
struct libscols_line *listing_add(struct listing *listing, const struct device *device,
				  struct libscols_line *parent, const char *mark)
{
	const struct layout *layout = listing->layout;
	struct libscols_line *line;
	char *text, *marked;
	size_t i;

	if (!parent && listing->size > PART_SIZE) {
		listing->in_parts = true;
		end_part(listing);
		begin_part(listing);
	}
	line = need(scols_table_new_line(listing->part, parent));
	listing->lines++;
	for (i = 0; i < layout->count; i++) {
		text = text_of(device, layout->at[i], layout);
		if (layout->at[i] == COLUMN_NAME && *mark) {
			marked = format_text("%s%s", text, mark);
			free(text);
			text = marked;
		}
		/* Words must be as many as columns. */
		if (!text && layout->raw)
			text = need(strdup("-"));
		listing->size += CELL_SIZE + (text ? strlen(text) : 0);
		put_cell(line, i, text);
	}
	return line;
}

/**
 * listing_end() - end a round
 * @listing: is freed after the last one
 *
 * Return: true after the last one; else all devices have to be added again.
 */
bool listing_end(struct listing *listing)
{
	end_part(listing);
	if (listing->prints || !listing->in_parts) {
		free(listing);
		return true;
	}
	listing->prints = true;
	begin_part(listing);
	return false;
}
