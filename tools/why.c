// SPDX-License-Identifier: GPL-2.0-only
/*
 * dm-linear-guard why: the last refusal, in words.
 *
 * Copyright (C) 2026 The dm-linear-guard developers
 */

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "command.h"
#include "lookup.h"
#include "mapper.h"
#include "module.h"
#include "say.h"
#include "stack.h"
#include "sysfs.h"
#include "system.h"
#include "text.h"

/* What was refused, from how the text begins. */
enum refused {
	REFUSED_LOAD,
	REFUSED_RESUME,
	REFUSED_NOT	/* by a driver that ignores the error */
};

/* As many as the module names. */
#define MOST 64

/**
 * struct tale - a refusal, taken apart
 * @what: was refused
 * @self: a device was to be mapped onto itself
 * @depth: how many devices a stack may have, or 0 for a loop
 * @own: the device whose table it was, as the log has it
 * @path: the devices of the loop or stack, likewise
 * @count: of these
 */
struct tale {
	enum refused what;
	bool self;
	unsigned int depth;
	char *own;
	char *path[MOST];
	size_t count;
};

static bool begins(const char **text, const char *with)
{
	if (strncmp(*text, with, strlen(with)))
		return false;
	*text += strlen(with);
	return true;
}

/* A name can have anything in it: the last place at which the rest can be parsed. */
static const char *find_last(const char *text, const char *what)
{
	const char *found = NULL;

	while ((text = strstr(text, what)))
		found = text++;
	return found;
}

static bool take_path(struct tale *tale, const char *text)
{
	const char *arrow;

	while (tale->count < MOST) {
		arrow = strstr(text, " -> ");
		tale->path[tale->count++] = need(strndup(text, arrow ? (size_t)(arrow - text) :
							 strlen(text)));
		if (!arrow)
			break;
		text = arrow + strlen(" -> ");
	}
	return tale->count > 1;
}

/* "refusing home (dm-3): loop home (dm-3) -> ...", "... stack deeper than 32 home ..." */
static bool take_apart(struct tale *tale, const char *text)
{
	static const char loop[] = ": loop ", deep[] = ": stack deeper than ";
	const char *rest;
	int at = 0;

	memset(tale, 0, sizeof(*tale));
	if (begins(&text, "refusing "))
		tale->what = REFUSED_LOAD;
	else if (begins(&text, "not resuming "))
		tale->what = REFUSED_RESUME;
	else if (begins(&text, "cannot refuse "))
		tale->what = REFUSED_NOT;
	else
		return false;
	rest = find_last(text, loop);
	if (rest) {
		tale->own = need(strndup(text, (size_t)(rest - text)));
		rest += strlen(loop);
	} else {
		rest = find_last(text, deep);
		if (!rest || sscanf(rest + strlen(deep), "%u %n", &tale->depth, &at) != 1)
			return false;
		tale->own = need(strndup(text, (size_t)(rest - text)));
		rest += strlen(deep) + at;
	}
	if (!take_path(tale, rest))
		return false;
	tale->self = !tale->depth && tale->count == 2 && !strcmp(tale->path[0], tale->path[1]);
	return true;
}

static void free_tale(struct tale *tale)
{
	free(tale->own);
	while (tale->count)
		free(tale->path[--tale->count]);
}

/* The device that the table was to be stacked on: the one behind its own. */
static const char *slave_of(const struct tale *tale)
{
	size_t i;

	for (i = 0; i + 1 < tale->count; i++)
		if (!strcmp(tale->path[i], tale->own))
			return tale->path[i + 1];
	return tale->path[tale->count - 1];
}

static void tell(const struct refusal *refusal, const struct tale *tale)
{
	bool ignored = tale->what == REFUSED_NOT;
	char *when = refusal_when(refusal);
	const char *slave = slave_of(tale);
	size_t i;

	if (ignored)
		printf("%s: %s ", when, tale->own);
	else
		printf("%s, %s was %s: ", when, tale->own,
		       tale->what == REFUSED_RESUME ? "not resumed" : "refused a table");
	free(when);
	if (tale->self)
		printf(ignored ? "is mapped onto itself" :
		       "a line of it would have mapped %s onto itself", tale->own);
	else if (tale->depth && ignored)
		printf("makes a stack of more than %u devices through %s", tale->depth, slave);
	else if (tale->depth)
		printf("its line onto %s would have made a stack of more than %u devices",
		       slave, tale->depth);
	else
		printf(ignored ? "closes a loop through %s" :
		       "its line onto %s would have closed a loop", slave);
	puts(ignored ? ", and its driver could not be refused." : ".");
	for (i = 0; i < tale->count; i++)
		printf("%s%s", i ? " -> " : "  ", tale->path[i]);
	putchar('\n');
}

/*
 * Which line, if the table is still there.  It is a linear one, as no other is judged when
 * it is resumed; another can have keys, which are not to be shown.
 */
static void tell_lines(const struct tale *tale, const struct stack *stack, dev_t number,
		       enum mapper_view view)
{
	const char *slave = slave_of(tale), *open = strrchr(slave, '(');
	const struct device *device;
	char kname[64], word[32];
	struct mapped mapped;
	size_t i;

	if (!open || sscanf(open, "(%63[^)])", kname) != 1)
		snprintf(kname, sizeof(kname), "%s", slave);
	device = stack_by_kname(stack, kname);
	if (!device || mapper_get(number, view, &mapped)) {
		if (device)
			mapper_put(&mapped);
		return;
	}
	snprintf(word, sizeof(word), "%u:%u ", major(device->number), minor(device->number));
	for (i = 0; i < mapped.count; i++)
		if (target_is_linear(&mapped.targets[i]) &&
		    !strncmp(mapped.targets[i].words, word, strlen(word)))
			printf("Line %zu of its %s table: %llu %llu %s %s\n", i + 1,
			       view == MAPPER_TABLE ? "live" : "inactive",
			       (unsigned long long)mapped.targets[i].start,
			       (unsigned long long)mapped.targets[i].length,
			       mapped.targets[i].type, mapped.targets[i].words);
	mapper_put(&mapped);
}

/* Of "home (dm-3)" that which a command takes; to be freed. */
static char *name_of(const char *shown)
{
	const char *open = find_last(shown, " (");
	char *name = need(strndup(shown, open ? (size_t)(open - shown) : strlen(shown)));
	char *quoted = text_quoted(name);

	free(name);
	return quoted;
}

static void advise_line(const struct tale *tale, const char *slave)
{
	char *name = name_of(slave);

	printf("name another device in that line.  If %s is meant to be below, first load a "
	       "table for it that does not lead to %s, and resume it.  If %s has an inactive "
	       "table, dmsetup clear %s drops it.\n", slave, tale->own, slave, name);
	free(name);
}

static void advise(const struct tale *tale)
{
	const char *slave = slave_of(tale);

	printf("What to do: ");
	if (tale->what == REFUSED_NOT)
		printf("stop %s before it is used: its driver ignores a refusal.\n", tale->own);
	else if (tale->what == REFUSED_RESUME)
		printf("load a table for %s that does not lead back to it, and resume; or "
		       "remove it.\n", tale->own);
	else if (tale->self)
		printf("name the device that is meant to be below %s.\n", tale->own);
	else if (tale->depth)
		printf("stack it on fewer devices, or raise max_depth "
		       "(at most 64 on x86-64, 48 elsewhere).\n");
	else
		advise_line(tale, slave);
}

static void explain(const struct refusal *refusal)
{
	char *shown = text_shown(refusal->text);
	struct stack *stack;
	struct tale tale;
	bool known = take_apart(&tale, shown);

	if (!known)
		printf("%s\n", shown);
	free(shown);
	if (!known) {
		free_tale(&tale);
		return;
	}
	tell(refusal, &tale);
	if (tale.what == REFUSED_RESUME && refusal->number &&
	    (system_is_copy() || !geteuid())) {
		stack = stack_new();
		if (!sysfs_read_devices(stack))
			tell_lines(&tale, stack, refusal->number, MAPPER_TABLE);
		stack_free(stack);
	}
	advise(&tale);
	free_tale(&tale);
}

static int run(int argc, char **argv)
{
	static const struct option options[] = { COMMON_OPTIONS, { 0 } };
	struct refusal refusal;
	struct module module;
	int option;

	while ((option = getopt_long(argc, argv, COMMON_LETTERS, options, NULL)) != -1)
		common_option(&command_why, option, optarg);
	if (optind < argc)
		usage_error(&command_why, "too many arguments");
	module_read(&module);
	if (!module.setting.loaded)
		die(STATUS_NO_MODULE, "the module is not loaded");
	if (!module_read_refusal(&refusal)) {
		if (refusal.unreadable)
			die(STATUS_FAILED, "%s", refusal_unreadable);
		if (!system_is_copy())
			need_root("why, with this version of the module,");
		say("no refusal is in the kernel's log");
		return STATUS_NO;
	}
	if (!refusal.there) {
		puts("Nothing has been refused since the module was loaded.");
		return STATUS_NO;
	}
	explain(&refusal);
	return STATUS_FINE;
}

const struct command command_why = {
	.name = "why",
	.summary = "explain the last refusal, and say what to do",
	.usage = "why",
	.help = "",
	.statuses =
		"   0  the last refusal is explained\n"
		"   1  nothing has been refused\n"
		"   4  the module is not loaded\n",
	.run = run,
};
