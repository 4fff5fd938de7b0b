// SPDX-License-Identifier: GPL-2.0-only
/*
 * dm-linear-guard check: what would become of a table, if it were loaded.
 *
 * Copyright (C) 2026 The dm-linear-guard developers
 */

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <libdevmapper.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "command.h"
#include "hidden.h"
#include "json.h"
#include "lookup.h"
#include "mapper.h"
#include "module.h"
#include "rules.h"
#include "say.h"
#include "stack.h"
#include "sysfs.h"
#include "system.h"
#include "table.h"
#include "text.h"

/**
 * struct remark - what is said of one line
 * @number: of the line, or 0 for the whole table
 * @ruling: what becomes of it
 * @about: a word of the line, or NULL
 * @path: the loop or stack
 */
struct remark {
	unsigned int number;
	struct ruling ruling;
	char *about;
	struct path path;
};

/**
 * struct checking - a table on its way
 * @stack: all devices
 * @own: the device that it is for
 * @setting: what decides
 * @first: the device has had no table yet
 * @live: the table is the live one
 * @table: the table
 * @remarks: what is said so far
 * @refused: a line would be, so that the rest is not looked at
 */
struct checking {
	struct stack *stack;
	struct device *own;
	struct setting setting;
	bool first;
	bool live;
	struct table table;
	struct remark *remarks;
	size_t count;
	size_t room;
	bool refused;
};

static void forget_remark(struct checking *checking)
{
	struct remark *at = &checking->remarks[--checking->count];

	free(at->about);
	path_free(&at->path);
}

static struct remark *remark(struct checking *checking, const struct line *line,
			     struct ruling ruling, const char *about)
{
	unsigned int number = line ? line->number : 0;
	struct remark *at;

	/* A line that is refused is not accepted as well. */
	while (ruling.outcome == OUTCOME_REFUSED && checking->count &&
	       checking->remarks[checking->count - 1].number == number)
		forget_remark(checking);
	checking->remarks = grow(checking->remarks, checking->count, &checking->room,
				 sizeof(*checking->remarks));
	at = &checking->remarks[checking->count++];
	memset(at, 0, sizeof(*at));
	at->number = number;
	at->ruling = ruling;
	at->about = about ? need(strdup(about)) : NULL;
	checking->refused |= ruling.outcome == OUTCOME_REFUSED;
	return at;
}

static void refuse(struct checking *checking, const struct line *line, int error,
		   const char *reason, const char *about)
{
	remark(checking, line, (struct ruling) {
		.outcome = OUTCOME_REFUSED, .error = error, .reason = reason,
	}, about);
}

static void not_known(struct checking *checking, const struct line *line,
		      const char *reason, const char *excuse, const char *about)
{
	remark(checking, line, (struct ruling) {
		.outcome = OUTCOME_UNKNOWN, .reason = reason, .excuse = excuse,
	}, about);
}

/* The device below. */

/* What is known of a device that a line has opened; in its @data. */
struct slave {
	bool guarded;		/* a line of the guard has opened it */
	bool measured;
	struct area area;
};

/* Has any table of the device a link to another? */
static bool is_linked(const struct checking *checking, const struct device *slave)
{
	const struct edge *edge;

	for (edge = checking->own->edges[WAY_DOWN]; edge; edge = edge->next[WAY_DOWN])
		if (edge->kind == EDGE_LINK && edge->slave == slave)
			return true;
	return false;
}

/* Device-mapper shares what it holds, among all mapped devices. */
static bool is_held_by_mapper(const struct device *slave)
{
	const struct edge *edge;

	for (edge = slave->disk->edges[WAY_UP]; edge; edge = edge->next[WAY_UP])
		if (edge->kind == EDGE_LINK && edge->slave == slave && edge->holder->mapped)
			return true;
	return false;
}

/*
 * Is it mounted, in an array, or held by a program?  Who holds a device is nowhere to be
 * read: it has to be opened as the load would, for a moment.
 */
static bool is_busy(const struct device *slave)
{
	bool busy;
	char *path;
	int fd;

	if (system_is_copy() || geteuid() || is_held_by_mapper(slave))
		return false;
	path = format_text("dev/%s", slave->kname);
	fd = system_open(path, O_RDONLY | O_EXCL | O_NONBLOCK);
	busy = fd < 0 && errno == EBUSY;
	if (fd >= 0)
		close(fd);
	free(path);
	return busy;
}

/* What was unplugged can be had by its number, if the device's table holds it still. */
static bool is_still_held(const struct checking *checking, dev_t number)
{
	bool needs = false;

	if (!checking->own->number || geteuid())
		return false;
	return !mapper_needs(checking->own->number, number, &needs) && needs;
}

/**
 * find_slave() - find the device of a word as the load would
 * @checking: for which table
 * @line: of it
 * @word: of that
 *
 * Return: NULL if the line is refused, or there is nothing more to ask of the device.
 */
static struct device *find_slave(struct checking *checking, const struct line *line,
				 const char *word)
{
	static const char lookup[] = "Device lookup failed";
	struct device *slave;
	dev_t number;
	int r;

	r = lookup_word(checking->stack, word, checking->setting.kernel, &number);
	if (r) {
		refuse(checking, line, -r, lookup, word);
		return NULL;
	}
	slave = stack_by_number(checking->stack, number);
	if (slave && (slave == checking->own || slave->data))
		return slave;
	if (slave && !slave->unborn) {
		if (is_linked(checking, slave) || !is_busy(slave))
			return slave;
		refuse(checking, line, EBUSY, lookup, word);
	} else if (!is_still_held(checking, number)) {
		refuse(checking, line, ENXIO, lookup, word);
	}
	return NULL;
}

/* "cache (dm-1) is in a loop", behind what else excuses a verdict; in the pool. */
static const char *excuse_loop(const struct checking *checking, const struct path *path,
			       const char *excuse)
{
	const struct device *device = rules_in_loop(checking->stack, path);
	char *shown, *text;

	if (!device)
		return excuse;
	shown = device_shown(device);
	text = format_text("%s%s%s is in a loop", excuse ? excuse : "", excuse ? "; " : "",
			   shown);
	excuse = need(dm_pool_strdup(checking->stack->pool, text));
	free(shown);
	free(text);
	return excuse;
}

/* Loops and depth: as the module, and as it cannot. */
static void judge(struct checking *checking, const struct line *line, const char *word,
		  struct device *slave)
{
	struct opening opening = {
		.server = rules_server(&checking->setting, line->type),
		.added = checking->own->number && !checking->own->unborn,
		.linked = is_linked(checking, slave),
	};
	struct path path = { 0 };
	enum verdict verdict;
	struct ruling ruling;

	verdict = rules_judge(checking->stack, checking->own, slave,
			      checking->setting.max_depth, &path);
	ruling = rules_ruling(&checking->setting, &opening, verdict);
	if (verdict == VERDICT_FINE &&
	    rules_hidden(checking->stack, checking->own, slave, &path)) {
		ruling.outcome = OUTCOME_HIDDEN;
		ruling.reason = "closes a loop that the module cannot see";
		ruling.excuse = "I/O in it hangs (through a file, swap, zram or a snapshot)";
	}
	if (verdict == VERDICT_DEEP)
		ruling.excuse = excuse_loop(checking, &path, ruling.excuse);
	/* The lines behind it are judged with that loop there. */
	if (ruling.outcome == OUTCOME_LET_THROUGH && verdict != VERDICT_DEEP) {
		stack_link(checking->stack, checking->own, slave, EDGE_LINK);
		rules_measure(checking->stack);
	}
	if (ruling.outcome == OUTCOME_ACCEPTED)
		path_free(&path);
	else
		remark(checking, line, ruling, word)->path = path;
}

/*
 * One device of a line; NULL if there is nothing more to ask of it.  It is judged for the
 * first line that opens it, and for the first of the guard's, whoever has opened it before.
 */
static struct device *open_device(struct checking *checking, const struct line *line,
				  const char *word)
{
	bool guard = rules_server(&checking->setting, line->type) == SERVER_GUARD;
	struct device *slave = find_slave(checking, line, word);
	struct slave *known;

	if (!slave)
		return NULL;
	known = slave->data;
	if (!known) {
		known = need(dm_pool_zalloc(checking->stack->pool, sizeof(*known)));
		slave->data = known;
	} else if (!guard || known->guarded) {
		return slave;
	}
	known->guarded = guard;
	judge(checking, line, word, slave);
	return checking->refused ? NULL : slave;
}

/* Lines. */

static const struct area *read_area(const struct device *device)
{
	struct slave *slave = device->data;
	struct area *area = &slave->area;
	char zoned[32];

	if (slave->measured)
		return area;
	slave->measured = true;
	area->size = sysfs_number(device, "size");
	area->block = (unsigned int)sysfs_number(device->disk, "queue/logical_block_size");
	area->mapped = device->mapped;
	if (sysfs_text(device->disk, "queue/zoned", zoned, sizeof(zoned)) &&
	    strcmp(zoned, "none"))
		area->zone = sysfs_number(device->disk, "queue/chunk_sectors");
	return area;
}

static void check_linear(struct checking *checking, const struct line *line,
			 enum server server)
{
	struct device *slave;
	struct ruling ruling;
	uint64_t offset;

	ruling = rules_linear(server, line->count, line->words, &offset);
	if (ruling.outcome == OUTCOME_REFUSED) {
		remark(checking, line, ruling, NULL);
		return;
	}
	slave = open_device(checking, line, line->words[0]);
	if (!slave || slave == checking->own)
		return;
	ruling = rules_area(server, checking->first, read_area(slave), offset,
			    line->length);
	if (ruling.outcome == OUTCOME_REFUSED)
		remark(checking, line, ruling, line->words[0]);
}

static void check_other(struct checking *checking, const struct line *line)
{
	struct opened opened;
	size_t i;

	switch (table_opens(line, checking->setting.kernel, &opened)) {
	case KNOWN:
		for (i = 0; i < opened.count && !checking->refused; i++)
			open_device(checking, line, opened.words[i]);
		break;
	case KNOWN_NOT:
		not_known(checking, line, "Target is not known to this command",
			  "which devices it opens cannot be told", line->type);
		break;
	case KNOWN_BAD:
		not_known(checking, line, "Parameters of the target are not understood",
			  "which devices it opens cannot be told", line->type);
		break;
	}
	opened_free(&opened);
}

/* What core asks of any line. */
static const char *core_refuses(const struct line *line, uint64_t end)
{
	/* In sectors, a device ends at 2^63 bytes. */
	const uint64_t most = INT64_MAX >> 9;

	if (!line->length)
		return "Line of a table has no length";
	if (line->start > most || line->length > most - line->start)
		return "Device would be too large";
	if (line->start != end)
		return "Gap in table";
	return NULL;
}

static void check_line(struct checking *checking, const struct line *line, uint64_t end)
{
	enum server server = rules_server(&checking->setting, line->type);
	const char *reason = core_refuses(line, end);

	if (reason)
		refuse(checking, line, EINVAL, reason, NULL);
	else if (server != SERVER_OTHER)
		check_linear(checking, line, server);
	else if (!strcmp(line->type, "linear-guard"))
		not_known(checking, line, "Target is not there",
			  "the kernel would try to load the module for it", line->type);
	else
		check_other(checking, line);
}

/* What is there. */

/* Of each origin that the table has something to do with, what the others' tables say. */
static void add_origin(struct checking *checking, struct snapshots *snapshots,
		       const char *word)
{
	const struct device *origin;
	const struct edge *edge;
	struct mapped mapped;
	dev_t number;

	if (lookup_word(checking->stack, word, checking->setting.kernel, &number))
		return;
	origin = stack_by_number(checking->stack, number);
	if (!origin)
		return;
	for (edge = origin->disk->edges[WAY_UP]; edge; edge = edge->next[WAY_UP]) {
		if (edge->slave != origin || !edge->holder->mapped ||
		    edge->holder == checking->own)
			continue;
		if (!mapper_get(edge->holder->number, MAPPER_TABLE, &mapped))
			snapshots_add_table(snapshots, checking->stack, edge->holder,
					    &mapped);
		mapper_put(&mapped);
	}
}

/* A word as the kernel would write it, so that a path is not one of many. */
static char *number_word(const struct checking *checking, const char *word)
{
	dev_t number = 0;

	lookup_word(checking->stack, word, checking->setting.kernel, &number);
	return format_text("%u:%u", major(number), minor(number));
}

static void add_snapshots(struct checking *checking)
{
	struct snapshots snapshots = { 0 };
	size_t i;

	if (geteuid() && !system_is_copy())
		return;
	for (i = 0; i < checking->table.count; i++) {
		const struct line *line = &checking->table.lines[i];
		char *origin, *cow, *words;

		if (strncmp(line->type, "snapshot", strlen("snapshot")) || !line->count)
			continue;
		add_origin(checking, &snapshots, line->words[0]);
		origin = number_word(checking, line->words[0]);
		cow = number_word(checking, line->words[line->count > 1]);
		words = format_text("%s %s", origin, cow);
		snapshots_add(&snapshots, checking->stack, checking->own, line->type, words);
		free(origin);
		free(cow);
		free(words);
	}
	snapshots_link(&snapshots, checking->stack);
}

static void check_lines(struct checking *checking)
{
	const struct table *table = &checking->table;
	uint64_t end = 0;
	size_t i;

	for (i = 0; i < table->count && !checking->refused; i++) {
		check_line(checking, &table->lines[i], end);
		end = table->lines[i].start + table->lines[i].length;
	}
	if (!table->count)
		refuse(checking, NULL, EINVAL, "There is no line in the table", NULL);
}

static void check_text(struct checking *checking, const char *text)
{
	struct line bad_line = { 0 };
	struct bad_line bad;

	if (table_read(&checking->table, text, &bad)) {
		add_snapshots(checking);
		check_lines(checking);
		return;
	}
	/* dmsetup sends nothing at all then. */
	bad_line.number = bad.number;
	refuse(checking, &bad_line, EINVAL, bad.reason, NULL);
}

static void read_stack(struct checking *checking)
{
	int r;

	checking->stack = stack_new();
	r = sysfs_read_devices(checking->stack);
	if (!r)
		r = sysfs_read_links(checking->stack);
	if (r)
		die(STATUS_FAILED, "block devices cannot be listed: %s", strerror(-r));
	r = lookup_mapped(checking->stack);
	if (r)
		die(STATUS_FAILED, "mapped devices cannot be listed: %s", mapper_said());
	hidden_read(checking->stack);
}

static void find_own(struct checking *checking, const char *argument)
{
	char *name;

	checking->own = lookup_device(checking->stack, argument, &name);
	if ((checking->own && checking->own->mapped) || name) {
		if (!checking->own) {
			checking->own = stack_add(checking->stack, 0, NULL);
			checking->own->mapped = true;
			checking->own->name = need(dm_pool_strdup(checking->stack->pool,
								  name));
		}
		free(name);
		return;
	}
	die(STATUS_NO_DEVICE, "there is no mapped device \"%s\"", argument);
}

/*
 * The first load is where core asks more.  From 5.15 on it adds the disk; before that, what
 * came before is not to be seen.
 */
static void find_tables(struct checking *checking)
{
	struct mapped mapped;

	checking->first = !checking->own->number || checking->own->unborn;
	if (checking->first || checking->setting.kernel >= 0x050f || geteuid() ||
	    system_is_copy())
		return;
	if (!mapper_get(checking->own->number, MAPPER_STATUS, &mapped))
		checking->first = !mapped.live && !mapped.inactive;
	mapper_put(&mapped);
}

/* The table that the device has, as dmsetup table prints it. */
static char *live_table(const struct checking *checking)
{
	char *text = NULL, *shown = device_shown(checking->own);
	struct mapped mapped;
	size_t size, i;
	FILE *file;
	int r;

	if (!system_is_copy())
		need_root("check without a table");
	if (!checking->own->number)
		die(STATUS_NO_DEVICE, "there is no mapped device \"%s\"", shown);
	r = mapper_get(checking->own->number, MAPPER_TABLE, &mapped);
	if (r == -ENXIO)
		die(STATUS_NO_DEVICE, "%s has gone", shown);
	if (r && system_is_copy())
		die(STATUS_FAILED, "%s: %s", shown, mapper_said());
	if (r)
		die(STATUS_FAILED, "%s: %s: %s", shown, strerror(-r), mapper_said());
	if (!mapped.count)
		die(STATUS_FAILED, "%s has no live table; give one", shown);
	file = need(open_memstream(&text, &size));
	for (i = 0; i < mapped.count; i++)
		fprintf(file, "%llu %llu %s %s\n",
			(unsigned long long)mapped.targets[i].start,
			(unsigned long long)mapped.targets[i].length,
			mapped.targets[i].type, mapped.targets[i].words);
	if (fclose(file))
		need(NULL);
	mapper_put(&mapped);
	free(shown);
	return need(text);
}

static char *read_input(void)
{
	char *text = NULL;
	size_t room = 0;

	/* No byte of a table is 0. */
	if (getdelim(&text, &room, '\0', stdin) < 0) {
		if (ferror(stdin))
			die(STATUS_FAILED, "standard input: %s", strerror(errno));
		free(text);
		text = need(strdup(""));
	}
	return text;
}

/* What is said. */

/* The man page has the same words. */
static const struct {
	const char *name;	/* in JSON */
	const char *words;	/* before the reason */
	const char *between;	/* reason and excuse */
	enum status status;
} outcomes[] = {
	[OUTCOME_ACCEPTED] = { "accepted", "would be accepted", "", STATUS_FINE },
	[OUTCOME_REFUSED] = { "refused", "would be refused: ", "; ", STATUS_NO },
	[OUTCOME_LET_THROUGH] = {
		"let_through", "would be let through: ", "; ", STATUS_LET_THROUGH },
	[OUTCOME_HIDDEN] = {
		"hidden_loop", "would be accepted, but ", ": ", STATUS_HIDDEN },
	[OUTCOME_UNKNOWN] = {
		"unpredictable", "cannot be predicted: ", "; ", STATUS_UNKNOWN },
};

/* A refusal ends the load; of the others the worst counts. */
static enum outcome whole_outcome(const struct checking *checking)
{
	static const enum outcome order[] = {
		OUTCOME_REFUSED, OUTCOME_LET_THROUGH, OUTCOME_HIDDEN, OUTCOME_UNKNOWN,
	};
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(order); i++)
		for (j = 0; j < checking->count; j++)
			if (checking->remarks[j].ruling.outcome == order[i])
				return order[i];
	return OUTCOME_ACCEPTED;
}

static void print_remark(const struct checking *checking, const char *own,
			 const struct remark *at)
{
	const char *its = checking->live ? "its live" : "the";
	const struct ruling *ruling = &at->ruling;
	char *shown;
	size_t i;

	printf("%s%s: ", own, checking->own->number ? "" : " (new)");
	if (!at->number)
		printf("%s table", its);
	else if (checking->live)
		printf("line %u of its live table", at->number);
	else
		printf("line %u", at->number);
	printf(" %s%s", outcomes[ruling->outcome].words, ruling->reason);
	if (ruling->error)
		printf(" (%s)", text_error(ruling->error));
	if (ruling->excuse)
		printf("%s%s", outcomes[ruling->outcome].between, ruling->excuse);
	putchar('\n');
	if (at->about && !at->path.length) {
		shown = text_shown(at->about);
		printf("  %s\n", shown);
		free(shown);
	}
	for (i = 0; i < at->path.length; i++) {
		shown = device_shown(at->path.at[i]);
		printf("%s%s", i ? " -> " : "  ", shown);
		free(shown);
	}
	if (at->path.length)
		putchar('\n');
}

static void print_text(const struct checking *checking)
{
	char *own = device_shown(checking->own);
	size_t i;

	for (i = 0; i < checking->count; i++)
		print_remark(checking, own, &checking->remarks[i]);
	if (!checking->count && !checking->own->number)
		printf("%s: there is no such device yet: a new one would be accepted\n", own);
	else if (!checking->count)
		printf("%s: %s table would be accepted\n", own,
		       checking->live ? "its live" : "the");
	free(own);
}

static void print_json(const struct checking *checking)
{
	struct json_object *object;
	size_t i;

	document_begin();
	document_put("name", json_text(checking->own->name));
	document_put("kname", json_text(checking->own->kname));
	document_put("new", json_object_new_boolean(!checking->own->number));
	document_put("outcome", json_text(outcomes[whole_outcome(checking)].name));
	document_begin_list("remarks");
	for (i = 0; i < checking->count; i++) {
		const struct remark *at = &checking->remarks[i];

		object = need(json_object_new_object());
		json_set(object, "outcome", json_text(outcomes[at->ruling.outcome].name));
		json_set(object, "line", at->number ? json_number(at->number) : NULL);
		json_set(object, "error", at->ruling.error ?
			 json_text(text_error(at->ruling.error)) : NULL);
		json_set(object, "reason", json_text(at->ruling.reason));
		json_set(object, "excuse", json_text(at->ruling.excuse));
		json_set(object, "word", json_text(at->about));
		json_set(object, "path", json_path(&at->path));
		document_put_item(object);
	}
	document_end_list();
	document_end();
}

static void finish(struct checking *checking)
{
	while (checking->count)
		forget_remark(checking);
	free(checking->remarks);
	table_free(&checking->table);
	stack_free(checking->stack);
}

/* What nobody means for the text of a table. */
static bool is_file(const char *text)
{
	struct stat status;

	return strcmp(text, "-") && !text[strcspn(text, " \t\n")] && !stat(text, &status);
}

/* The text of the table that is to be checked; to be freed. */
static char *find_text(struct checking *checking, const char *text)
{
	checking->live = !text;
	if (!text)
		return live_table(checking);
	return strcmp(text, "-") ? need(strdup(text)) : read_input();
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'J' },
		{ "table", required_argument, NULL, OPTION_OWN },
		COMMON_OPTIONS,
		{ 0 }
	};
	struct checking checking = { 0 };
	const char *given = NULL;
	struct module module;
	bool json = false;
	int option, status;
	char *text;

	while ((option = getopt_long(argc, argv, "J" COMMON_LETTERS, options, NULL)) != -1) {
		if (option == 'J')
			json = true;
		else if (option == OPTION_OWN)
			given = optarg;
		else
			common_option(&command_check, option, optarg);
	}
	argc -= optind;
	argv += optind;
	if (argc != 1 && argc != 2)
		usage_error(&command_check, argc ? "too many arguments" :
			    "give the NAME of a device");
	if (given && argc == 2)
		usage_error(&command_check, "only one of TABLE and --table can be given");
	if (argc == 2)
		given = argv[1];
	if (given && is_file(given))
		usage_error(&command_check,
			    "TABLE is the text of a table; for a file: check NAME - <FILE");

	module_read(&module);
	checking.setting = module.setting;
	read_stack(&checking);
	find_own(&checking, argv[0]);
	text = find_text(&checking, given);
	find_tables(&checking);
	rules_measure(checking.stack);
	check_text(&checking, text);
	free(text);
	if (json)
		print_json(&checking);
	else
		print_text(&checking);
	status = outcomes[whole_outcome(&checking)].status;
	finish(&checking);
	return status;
}

const struct command command_check = {
	.name = "check",
	.summary = "say whether a table would be refused, and why; load nothing",
	.usage = "check [OPTION...] NAME [TABLE]",
	.help =
		"  -J, --json          print JSON\n"
		"      --table TABLE   the same as TABLE\n"
		"\n"
		"TABLE is the text that dmsetup --table takes; \"-\": read it from standard\n"
		"input; without it, the live table is checked.  Standard input is read only\n"
		"for \"-\".\n",
	.statuses =
		"   0  the table would be accepted\n"
		"   1  it would be refused\n"
		"   5  there is no such device, or not any more\n"
		"   6  it would be let through: it closes a loop, or makes a stack too deep, but\n"
		"      nobody checks it\n"
		"   9  it would be accepted, but closes a loop that the module cannot see\n"
		"  11  what would happen cannot be predicted\n",
	.run = run,
};
