// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tables as dmsetup and the kernel read them, and the devices that each target opens.
 *
 * Copyright (C) 2026 The dm-linear-guard developers
 */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "say.h"
#include "table.h"

/* libdevmapper sends no longer name of a target. */
#define TYPE_SIZE 16

/* What the kernel's isspace() takes for one: a byte of some UTF-8 is among these. */
static bool ends_word(char c)
{
	return !c || strchr(" \t\n\r\v\f\xa0", c);
}

/*
 * A backslash is one of a word's characters: the kernel takes it for a quote, but
 * libdevmapper doubles it.
 */
static void split(struct line *line, const char *text)
{
	char *p = need(strdup(text));

	line->text = p;
	for (;;) {
		while (*p && ends_word(*p))
			p++;
		if (!*p)
			return;
		line->words = grow(line->words, line->count, &line->room,
				   sizeof(*line->words));
		line->words[line->count++] = p;
		while (!ends_word(*p))
			p++;
		if (*p)
			*p++ = '\0';
	}
}

/* A line as dmsetup reads it, which may be a comment; false if it would not. */
static bool add_line(struct table *table, char *text, struct bad_line *bad)
{
	unsigned long long start, length;
	char *end, *type = NULL, *comment;
	struct line *line;
	int at = 0;

	while (isspace((unsigned char)*text))
		text++;
	for (end = text + strlen(text); end > text && isspace((unsigned char)end[-1]); end--)
		;
	*end = '\0';
	if (!*text || *text == '#')
		return true;

	bad->number = (unsigned int)table->count + 1;
	bad->reason = "Not a line of a table";
	if (sscanf(text, "%llu %llu %ms %n", &start, &length, &type, &at) < 3) {
		free(type);
		return false;
	}
	need(type);
	bad->reason = "Name of a target is too long";
	if (strlen(type) >= TYPE_SIZE) {
		free(type);
		return false;
	}
	comment = strchr(text + at, '#');
	if (comment)
		*comment = '\0';

	table->lines = grow(table->lines, table->count, &table->room,
			    sizeof(*table->lines));
	line = &table->lines[table->count++];
	memset(line, 0, sizeof(*line));
	line->number = (unsigned int)table->count;
	line->start = start;
	line->length = length;
	line->type = type;
	split(line, text + at);
	return true;
}

/**
 * table_read() - read a table as dmsetup and the kernel do
 * @table: receives it; for table_free(), also after an error
 * @text: lines of it
 * @bad: receives the first line that dmsetup would not take, and then sends none
 *
 * Return: false if there is one.
 */
bool table_read(struct table *table, const char *text, struct bad_line *bad)
{
	char *copy = need(strdup(text)), *line = copy, *end;
	bool good = true;

	memset(table, 0, sizeof(*table));
	while (good && line) {
		end = strchr(line, '\n');
		if (end)
			*end++ = '\0';
		good = add_line(table, line, bad);
		line = end;
	}
	free(copy);
	return good;
}

void table_free(struct table *table)
{
	size_t i;

	for (i = 0; i < table->count; i++) {
		free(table->lines[i].type);
		free(table->lines[i].words);
		free(table->lines[i].text);
	}
	free(table->lines);
	memset(table, 0, sizeof(*table));
}

/* What constructors do with their words, from the left to the right. */
struct words {
	char **at;
	size_t count;
	unsigned int kernel;
	struct opened *opened;
};

static char *shift(struct words *words)
{
	if (!words->count)
		return NULL;
	words->count--;
	return *words->at++;
}

static bool skip(struct words *words, size_t count)
{
	if (words->count < count)
		return false;
	words->at += count;
	words->count -= count;
	return true;
}

/* Take a number of words or of devices. */
static bool shift_count(struct words *words, size_t *count)
{
	const char *word = shift(words);
	char *end;

	if (!word || !isdigit((unsigned char)*word))
		return false;
	*count = strtoul(word, &end, 10);
	return !*end && *count <= 65536;
}

static void opens(struct words *words, const char *word)
{
	struct opened *opened = words->opened;

	opened->words = grow(opened->words, opened->count, &opened->room,
			     sizeof(*opened->words));
	opened->words[opened->count++] = word;
}

/* DEVICE OFFSET, so many times. */
static bool open_pairs(struct words *words, size_t count)
{
	const char *device;

	while (count--) {
		device = shift(words);
		if (!device || !shift(words))
			return false;
		opens(words, device);
	}
	return true;
}

/* After these words there can be options: the word behind one, or the rest of it. */
static void open_option(struct words *words, size_t after, const char *option, bool rest)
{
	size_t length = strlen(option), i;

	for (i = after; i < words->count; i++) {
		if (rest && !strncmp(words->at[i], option, length))
			opens(words, words->at[i] + length);
		else if (!rest && !strcasecmp(words->at[i], option) &&
			 i + 1 < words->count)
			opens(words, words->at[i + 1]);
	}
}

static bool open_delay(struct words *words)
{
	size_t i;

	if (words->count != 3 && words->count != 6 && words->count != 9)
		return false;
	for (i = 0; i < words->count; i += 3)
		opens(words, words->at[i]);
	return true;
}

/* From 6.7 on it can have a device, whose limits it takes. */
static bool open_error(struct words *words)
{
	if (words->count == 2 && words->kernel >= 0x0607)
		opens(words, words->at[0]);
	return true;
}

static bool open_integrity(struct words *words)
{
	if (words->count < 5)
		return false;
	opens(words, words->at[0]);
	open_option(words, 5, "meta_device:", true);
	return true;
}

static bool open_mirror(struct words *words)
{
	const char *log = shift(words);
	size_t count;

	if (!log || !shift_count(words, &count))
		return false;
	if (!strcmp(log, "disk") && count && words->count)
		opens(words, words->at[0]);
	/* What another log opens, only its server knows. */
	else if (strcmp(log, "core"))
		return false;
	return skip(words, count) && shift_count(words, &count) &&
		open_pairs(words, count);
}

/* SELECTOR #WORDS WORD... #PATHS #WORDS [DEVICE WORD...]... */
static bool open_paths(struct words *words)
{
	size_t count, paths, more;

	if (!shift(words) || !shift_count(words, &count) || !skip(words, count) ||
	    !shift_count(words, &paths) || !shift_count(words, &more))
		return false;
	while (paths--) {
		const char *device = shift(words);

		if (!device || !skip(words, more))
			return false;
		opens(words, device);
	}
	return true;
}

static bool open_multipath(struct words *words)
{
	size_t features, handler, groups, first;

	if (!shift_count(words, &features) || !skip(words, features) ||
	    !shift_count(words, &handler) || !skip(words, handler) ||
	    !shift_count(words, &groups) || !shift_count(words, &first))
		return false;
	while (groups--)
		if (!open_paths(words))
			return false;
	return !words->count;
}

/* TYPE #PARAMETERS PARAMETER... #DEVICES [METADATA DATA]..., "-" for none. */
static bool open_raid(struct words *words)
{
	struct words options;
	const char *device;
	size_t count;

	if (!shift(words) || !shift_count(words, &count) || words->count < count)
		return false;
	options = *words;
	options.count = count;
	open_option(&options, 1, "journal_dev", false);
	if (!skip(words, count) || !shift_count(words, &count) ||
	    words->count != 2 * count)
		return false;
	while ((device = shift(words)))
		if (strcmp(device, "-"))
			opens(words, device);
	return true;
}

static bool open_striped(struct words *words)
{
	size_t count;

	return shift_count(words, &count) && shift(words) &&
		words->count == 2 * count && open_pairs(words, count);
}

static bool open_switch(struct words *words)
{
	size_t paths, options;

	return shift_count(words, &paths) && shift(words) &&
		shift_count(words, &options) && !options &&
		words->count == 2 * paths && open_pairs(words, paths);
}

/* Its origin outside of the pool first. */
static bool open_thin(struct words *words)
{
	if (words->count < 2 || words->count > 3)
		return false;
	if (words->count == 3)
		opens(words, words->at[2]);
	opens(words, words->at[0]);
	return true;
}

static bool open_vdo(struct words *words)
{
	if (words->count < 2 || words->at[0][0] != 'V')
		return false;
	opens(words, words->at[1]);
	return true;
}

static bool open_verity(struct words *words)
{
	if (words->count < 10)
		return false;
	opens(words, words->at[1]);
	opens(words, words->at[2]);
	open_option(words, 11, "use_fec_from_device", false);
	return true;
}

static bool open_zoned(struct words *words)
{
	size_t i;

	for (i = 0; i < words->count; i++)
		opens(words, words->at[i]);
	return words->count;
}

static bool open_none(struct words *words)
{
	(void)words;
	return true;
}

/*
 * All targets of Linux 7.3, and the words that are devices: those at fixed places, in the
 * order in which they are opened, if there are so many words at least; or what a function
 * finds.  The man page has this list, too.
 */
static const struct syntax {
	const char *target;
	size_t least;
	size_t devices;
	unsigned char at[3];
	bool (*open)(struct words *words);
} syntaxes[] = {
	{ "linear", 2, 1, { 0 }, NULL },
	{ "linear-guard", 2, 1, { 0 }, NULL },
	{ "cache", 7, 3, { 0, 1, 2 }, NULL },
	{ "clone", 4, 3, { 0, 1, 2 }, NULL },
	{ "crypt", 5, 1, { 3 }, NULL },
	{ "delay", .open = open_delay },
	{ "dust", 3, 1, { 0 }, NULL },
	{ "ebs", 3, 1, { 0 }, NULL },
	{ "era", 3, 2, { 0, 1 }, NULL },
	{ "error", .open = open_error },
	{ "flakey", 4, 1, { 0 }, NULL },
	{ "inlinecrypt", 5, 1, { 3 }, NULL },
	{ "integrity", .open = open_integrity },
	{ "log-writes", 2, 2, { 0, 1 }, NULL },
	{ "mirror", .open = open_mirror },
	{ "multipath", .open = open_multipath },
	{ "pcache", 2, 2, { 0, 1 }, NULL },
	{ "raid", .open = open_raid },
	{ "snapshot", 4, 2, { 0, 1 }, NULL },
	{ "snapshot-merge", 4, 2, { 0, 1 }, NULL },
	{ "snapshot-origin", 1, 1, { 0 }, NULL },
	{ "striped", .open = open_striped },
	{ "switch", .open = open_switch },
	{ "thin", .open = open_thin },
	{ "thin-pool", 4, 2, { 0, 1 }, NULL },
	{ "unstriped", 5, 1, { 3 }, NULL },
	{ "vdo", .open = open_vdo },
	{ "verity", .open = open_verity },
	{ "writecache", 4, 2, { 1, 2 }, NULL },
	{ "zero", .open = open_none },
	{ "zoned", .open = open_zoned },
};

static const struct syntax *find_syntax(const char *target)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(syntaxes); i++)
		if (!strcmp(syntaxes[i].target, target))
			return &syntaxes[i];
	return NULL;
}

/**
 * table_opens() - find the devices that a line opens
 * @line: which
 * @kernel: as 0x0602 is 6.2
 * @opened: receives words of the line; for opened_free()
 */
enum known table_opens(const struct line *line, unsigned int kernel,
		       struct opened *opened)
{
	const struct syntax *syntax = find_syntax(line->type);
	struct words words = {
		.at = line->words, .count = line->count, .kernel = kernel,
		.opened = opened,
	};
	size_t i;

	memset(opened, 0, sizeof(*opened));
	if (!syntax)
		return KNOWN_NOT;
	if (syntax->open)
		return syntax->open(&words) ? KNOWN : KNOWN_BAD;
	if (line->count < syntax->least)
		return KNOWN_BAD;
	for (i = 0; i < syntax->devices; i++)
		opens(&words, line->words[syntax->at[i]]);
	return KNOWN;
}

void opened_free(struct opened *opened)
{
	free(opened->words);
	memset(opened, 0, sizeof(*opened));
}
