// SPDX-License-Identifier: GPL-2.0-only
/*
 * dm-linear-guard status: what the module serves, how it is set, and what is wrong.
 *
 * Copyright (C) 2026 The dm-linear-guard developers
 */

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <libdevmapper.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "columns.h"
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
#include "text.h"

/* What can be wrong, the worst first. */
enum finding {
	FINDING_LOOP,
	FINDING_DEEP,
	FINDING_HIDDEN,
	FINDING_NOT_LOADED,
	FINDING_TAKEOVER,
	FINDING_SCOPE,
	FINDING_UNGUARDED,
	FINDING_VERSION,
	FINDING_KERNEL,
	FINDINGS
};

static const struct {
	const char *kind;	/* in JSON */
	const char *label;	/* before the text */
	enum status status;
} findings[FINDINGS] = {
	[FINDING_LOOP] = { "loop", "LOOP", STATUS_NO },
	[FINDING_DEEP] = { "too_deep", "TOO DEEP", STATUS_NO },
	[FINDING_HIDDEN] = { "hidden_loop", "HIDDEN LOOP", STATUS_HIDDEN },
	[FINDING_NOT_LOADED] = { "not_loaded", "NOT LOADED", STATUS_NO_MODULE },
	[FINDING_TAKEOVER] = { "takeover", "TAKEOVER", STATUS_UNGUARDED },
	[FINDING_SCOPE] = { "scope", "SCOPE", STATUS_UNGUARDED },
	[FINDING_UNGUARDED] = { "not_guarded", "NOT GUARDED", STATUS_UNGUARDED },
	[FINDING_VERSION] = { "version", "VERSION", STATUS_OUTDATED },
	[FINDING_KERNEL] = { "kernel", "KERNEL", STATUS_OUTDATED },
};

/* One of them, with its device if it has one, and more if it is a loop or stack. */
struct found {
	enum finding finding;
	const struct device *device;
	char *text;
	struct path path;
};

/**
 * struct report - all that there is to say
 * @layout: of the devices
 * @json: all of it as JSON
 * @alone: print the devices alone
 * @module: as it is loaded
 * @installation: what is installed of it
 * @refusal: the last one, if @knows_refusal
 * @stack: all devices
 * @selected: only some devices were asked for
 * @found: what is wrong
 * @failed: something could not be found out
 * @unknown: a device that was asked for is not there
 */
struct report {
	struct layout layout;
	bool json;
	bool alone;
	struct module module;
	struct installation installation;
	struct refusal refusal;
	bool knows_refusal;
	struct stack *stack;
	bool selected;
	struct found *found;
	size_t count;
	size_t room;
	bool failed;
	bool unknown;
};

/* Reading. */

static bool lists(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (; list; list = strchr(list, ',') ? strchr(list, ',') + 1 : NULL)
		if (!strncmp(list, word, length) && (!list[length] || list[length] == ','))
			return true;
	return false;
}

/* Which kinds of targets a table has. */
static void read_kinds(struct stack *stack, struct shown *shown,
		       const struct mapped *mapped)
{
	const char *last = "";
	char *more;
	size_t i;

	for (i = 0; i < mapped->count; i++) {
		const char *type = mapped->targets[i].type;

		/* Most lines are like the one before. */
		if (!strcmp(type, last) || lists(shown->targets, type))
			continue;
		last = type;
		more = format_text("%s%s%s", shown->targets ? shown->targets : "",
				   shown->targets ? "," : "", type);
		shown->targets = need(dm_pool_strdup(stack->pool, more));
		free(more);
	}
}

static void complain(struct report *report, const struct device *device, int error)
{
	char *shown = device_shown(device);

	if (system_is_copy())
		say("%s: %s", shown, mapper_said());
	else
		say("%s: %s: %s", shown, strerror(error), mapper_said());
	free(shown);
	report->failed = true;
}

/* Snapshots are the only ones of which a table is needed. */
static void read_snapshots(struct report *report, struct device *device,
			   struct snapshots *snapshots)
{
	const struct shown *shown = device->data;
	struct mapped mapped;
	int r;

	if (!shown->targets || !strstr(shown->targets, "snapshot"))
		return;
	r = mapper_get(device->number, MAPPER_TABLE, &mapped);
	if (!r)
		snapshots_add_table(snapshots, report->stack, device, &mapped);
	else if (r != -ENXIO)
		complain(report, device, -r);
	mapper_put(&mapped);
}

static void read_mapped(struct report *report, struct device *device,
			struct snapshots *snapshots)
{
	struct shown *shown = device->data;
	struct mapped mapped;
	int r;

	if (!device->mapped || device->gone)
		return;
	r = mapper_get(device->number, MAPPER_STATUS, &mapped);
	if (r == -ENXIO) {
		/* Nothing is left to be said of it. */
		device->data = NULL;
	} else if (r) {
		complain(report, device, -r);
		shown->unknown = true;
	} else {
		if (!device->name && mapped.name[0])
			stack_set_name(report->stack, device, mapped.name);
		shown->live = mapped.live;
		shown->inactive = mapped.inactive;
		shown->suspended = mapped.suspended;
		shown->served = mapper_served(&mapped);
		read_kinds(report->stack, shown, &mapped);
		if (mapped.uuid[0] && !device->uuid)
			device->uuid = need(dm_pool_strdup(report->stack->pool, mapped.uuid));
		read_snapshots(report, device, snapshots);
	}
	mapper_put(&mapped);
}

static void read_each(struct report *report, struct device *device,
		      struct snapshots *snapshots)
{
	for (; device; device = device->next) {
		device->data = need(dm_pool_zalloc(report->stack->pool,
						   sizeof(struct shown)));
		read_mapped(report, device, snapshots);
	}
}

static void read_devices(struct report *report)
{
	struct snapshots snapshots = { 0 };
	struct device **rest;
	int r;

	report->stack = stack_new();
	r = sysfs_read_devices(report->stack);
	if (!r)
		r = sysfs_read_links(report->stack);
	if (r)
		die(STATUS_FAILED, "block devices cannot be listed: %s", strerror(-r));
	if (system_is_copy())
		sysfs_read_names(report->stack);
	read_each(report, report->stack->first, &snapshots);
	/* Those that sysfs does not know of yet. */
	rest = report->stack->last;
	r = lookup_mapped(report->stack);
	if (r)
		die(STATUS_FAILED, "mapped devices cannot be listed: %s", mapper_said());
	read_each(report, *rest, &snapshots);
	snapshots_link(&snapshots, report->stack);
	hidden_read(report->stack);
	rules_measure(report->stack);
}

/* What is wrong. */

static struct found *find(struct report *report, enum finding finding,
			  const struct path *path, char *text)
{
	struct found *found;
	size_t i;

	report->found = grow(report->found, report->count, &report->room,
			     sizeof(*report->found));
	found = &report->found[report->count++];
	memset(found, 0, sizeof(*found));
	found->finding = finding;
	found->text = text;
	for (i = 0; path && i < path->length; i++)
		path_add(&found->path, path->at[i]);
	if (path && path->length)
		found->device = path->at[0];
	return found;
}

static bool is_selected(const struct report *report, const struct device *device)
{
	const struct shown *shown = device->data;

	return !report->selected || (shown && shown->selected);
}

static bool is_concerned(const struct report *report, const struct path *path)
{
	size_t i;

	for (i = 0; i < path->length; i++)
		if (is_selected(report, path->at[i]))
			return true;
	return false;
}

static char *path_text(const struct path *path)
{
	char *text = NULL, *shown;
	size_t size, i;
	FILE *file = need(open_memstream(&text, &size));

	for (i = 0; i < path->length; i++) {
		shown = device_shown(path->at[i]);
		fprintf(file, "%s%s", i ? " -> " : "", shown);
		free(shown);
	}
	if (fclose(file))
		need(NULL);
	return need(text);
}

static void found_loop(const struct path *path, void *data)
{
	struct report *report = data;

	if (is_concerned(report, path))
		find(report, FINDING_LOOP, path, path_text(path));
}

static void found_hidden(const struct path *path, void *data)
{
	struct report *report = data;

	if (is_concerned(report, path))
		find(report, FINDING_HIDDEN, path, path_text(path));
}

static void found_deep(const struct path *path, void *data)
{
	struct report *report = data;
	char *text;

	if (!is_concerned(report, path))
		return;
	text = path_text(path);
	find(report, FINDING_DEEP, path,
	     format_text("%zu mapped devices, max_depth is %u: %s", path->length - 1,
			 report->module.setting.max_depth, text));
	free(text);
}

/* All devices of a loop, not only of the one way around that is told. */
static void mark_loops(struct report *report)
{
	size_t *members = need(calloc(report->stack->count + 1, sizeof(*members)));
	struct device *device;
	struct edge *edge;
	struct shown *shown;

	for (device = report->stack->first; device; device = device->next)
		members[device->loop]++;
	for (device = report->stack->first; device; device = device->next) {
		shown = device->data;
		if (!shown)
			continue;
		shown->in_loop = members[device->loop] > 1;
		for (edge = device->edges[WAY_DOWN]; edge; edge = edge->next[WAY_DOWN])
			shown->in_loop |= edge->slave->disk == device;
	}
	free(members);
}

static void find_paths(struct report *report)
{
	rules_each_loop(report->stack, found_loop, report);
	mark_loops(report);
	rules_each_deep(report->stack, report->module.setting.max_depth, found_deep, report);
	rules_each_hidden(report->stack, found_hidden, report);
}

static void find_settings(struct report *report)
{
	const struct setting *setting = &report->module.setting;
	char *reason;

	if (!setting->loaded) {
		find(report, FINDING_NOT_LOADED, NULL,
		     format_text("the module is not loaded, and nothing is guarded"));
		return;
	}
	/* Of devices that were asked for, only what is wrong with them. */
	if (report->selected)
		return;
	if (!setting->takeover)
		find(report, FINDING_TAKEOVER, NULL,
		     format_text("new linear tables are served by the stock target: "
				 "dm-linear-guard adopt --all"));
	if (!setting->scope_all) {
		reason = module_scope_reason(&report->module);
		find(report, FINDING_SCOPE, NULL,
		     format_text("only linear tables are checked: %s%s", reason,
				 report->module.divert ? ": echo all >/sys/module/"
				 "dm_linear_guard/parameters/scope" : ""));
		free(reason);
	}
}

/* So many are told one by one; the column REASON has all. */
#define MOST_UNGUARDED 8

static void find_unguarded(struct report *report)
{
	struct device *device;
	size_t count = 0;
	char *reason, *shown;
	bool each;

	if (!report->module.setting.loaded)
		return;
	for (device = report->stack->first; device; device = device->next)
		if (device->data && is_selected(report, device) &&
		    (((struct shown *)device->data)->served & SERVED_STOCK))
			count++;
	each = count <= MOST_UNGUARDED;
	for (device = report->stack->first; each && device; device = device->next) {
		reason = device->data && is_selected(report, device) ?
			column_reason(device, &report->module.setting) : NULL;
		if (!reason)
			continue;
		shown = device_shown(device);
		find(report, FINDING_UNGUARDED, NULL,
		     format_text("%s: %s", shown, reason))->device = device;
		free(shown);
		free(reason);
	}
	if (!each)
		find(report, FINDING_UNGUARDED, NULL,
		     format_text("%zu devices; why says: dm-linear-guard status -o +REASON",
				 count));
}

static void find_versions(struct report *report)
{
	const struct installation *installation = &report->installation;
	const char *version = report->module.version;
	size_t i;

	if (!installation->known || report->selected)
		return;
	for (i = 0; i < installation->count; i++) {
		const struct installed *at = &installation->at[i];

		if (!at->version)
			find(report, FINDING_KERNEL, NULL,
			     format_text("/lib/modules/%s has no module: the next boot of "
					 "that kernel is not guarded, unless its initramfs "
					 "has the module",
					 at->release));
		else if (at->running && report->module.setting.loaded &&
			 strcmp(at->version, version))
			find(report, FINDING_VERSION, NULL,
			     format_text("%s is loaded, and %s is installed for the next boot",
					 version, at->version));
	}
}

/* Printing. */

static bool is_shown(const struct report *report, const struct device *device)
{
	const struct edge *edge;

	if (!device->data)
		return false;
	if (report->selected)
		return is_selected(report, device);
	if (device->disk != device)
		return false;
	if (device->mapped && !device->gone)
		return true;
	for (edge = device->edges[WAY_DOWN]; edge; edge = edge->next[WAY_DOWN])
		if (edge->kind == EDGE_LINK || device->edges[WAY_UP])
			return true;
	return false;
}

static struct json_object *module_json(const struct report *report)
{
	struct json_object *object = need(json_object_new_object());
	const struct module *module = &report->module;
	unsigned int i;

	json_set(object, "loaded", json_object_new_boolean(module->setting.loaded));
	json_set(object, "on_disk", json_text(report->installation.at[0].version));
	if (!module->setting.loaded)
		return object;
	json_set(object, "version", json_text(module->version));
	json_set(object, "users", json_number((uint64_t)module->users));
	json_set(object, "takeover", json_object_new_boolean(module->setting.takeover));
	json_set(object, "scope", json_text(module->setting.scope_all ? "all" : "linear"));
	json_set(object, "divert", json_object_new_boolean(module->divert));
	json_set(object, "max_depth", json_number(module->setting.max_depth));
	for (i = 0; i < COUNTERS; i++)
		json_set(object, counter_names[i], json_number((uint64_t)module->counters[i]));
	return object;
}

static struct json_object *kernels_json(const struct installation *installation)
{
	struct json_object *array, *object;
	size_t i;

	if (!installation->known)
		return NULL;
	array = need(json_object_new_array());
	for (i = 0; i < installation->count; i++) {
		object = need(json_object_new_object());
		json_set(object, "release", json_text(installation->at[i].release));
		json_set(object, "running",
			 json_object_new_boolean(installation->at[i].running));
		json_set(object, "version", json_text(installation->at[i].version));
		json_push(array, object);
	}
	return array;
}

static struct json_object *refusal_json(const struct report *report)
{
	const struct refusal *refusal = &report->refusal;
	struct json_object *object;

	if (!report->knows_refusal || !refusal->there)
		return NULL;
	object = need(json_object_new_object());
	json_set(object, "boottime", json_number(refusal->seconds));
	json_set(object, "seconds_ago",
		 system_is_copy() ? NULL : json_number(refusal_age(refusal)));
	json_set(object, "kind", json_text(refusal->kind));
	json_set(object, "maj:min", json_devt(refusal->number));
	json_set(object, "text", json_text(refusal->text));
	return object;
}

static void put_paths(const struct report *report, const char *key, enum finding finding)
{
	struct json_object *array = need(json_object_new_array());
	size_t i;

	for (i = 0; i < report->count; i++)
		if (report->found[i].finding == finding)
			json_push(array, json_path(&report->found[i].path));
	document_put(key, array);
}

static struct json_object *warnings_json(const struct report *report)
{
	struct json_object *array = need(json_object_new_array()), *object;
	size_t i;

	for (i = 0; i < report->count; i++) {
		const struct found *found = &report->found[i];
		const struct device *device = found->device;

		object = need(json_object_new_object());
		json_set(object, "kind", json_text(findings[found->finding].kind));
		json_set(object, "kname", json_text(device ? device->kname : NULL));
		json_set(object, "name", json_text(device ? device->name : NULL));
		json_set(object, "text", json_text(found->text));
		json_push(array, object);
	}
	return array;
}

static void print_json(const struct report *report)
{
	const struct device *device;

	document_begin();
	document_put("module", module_json(report));
	document_put("kernels", kernels_json(&report->installation));
	document_put("last_refusal", refusal_json(report));
	put_paths(report, "loops", FINDING_LOOP);
	put_paths(report, "too_deep", FINDING_DEEP);
	put_paths(report, "hidden_loops", FINDING_HIDDEN);
	document_put("warnings", warnings_json(report));
	document_begin_list("devices");
	for (device = report->stack->first; device; device = device->next)
		if (is_shown(report, device))
			document_put_item(columns_json(&report->layout, device));
	document_end_list();
	document_end();
}

static void __attribute__((format(printf, 2, 3)))
print_setting(const char *name, const char *format, ...)
{
	va_list arguments;

	printf("%-16s ", name);
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	putchar('\n');
}

static const char *installed_text(const struct installation *installation)
{
	if (!installation->known)
		return "unknown, as there is no libkmod";
	return installation->at[0].version ? installation->at[0].version : "no";
}

static void print_refusal(const struct report *report)
{
	char *when, *shown;

	if (!report->knows_refusal || !report->refusal.there)
		return;
	when = refusal_when(&report->refusal);
	shown = text_shown(report->refusal.text);
	print_setting("last_refusal", "%s: %s", when, shown);
	free(shown);
	free(when);
}

static void print_module(const struct report *report)
{
	const struct module *module = &report->module;
	unsigned int i;

	print_setting("loaded", "%s", module->setting.loaded ? module->version : "no");
	print_setting("on disk", "%s", installed_text(&report->installation));
	if (!module->setting.loaded)
		return;
	print_setting("users", "%ld", module->users);
	print_setting("takeover", "%s", module->setting.takeover ? "Y" : "N");
	print_setting("scope", "%s", module->setting.scope_all ? "all" : "linear");
	print_setting("divert", "%s", module->divert ? "Y" : "N");
	print_setting("max_depth", "%u", module->setting.max_depth);
	for (i = 0; i < COUNTERS; i++)
		print_setting(counter_names[i], "%ld", module->counters[i]);
	print_refusal(report);
}

/* In a tree, a device that was drawn before is drawn again, but not what is below it. */
struct drawing {
	const struct report *report;
	struct listing *listing;
};

static void draw(struct drawing *drawing, struct device *device,
		 struct libscols_line *parent)
{
	bool again = device->disk->reach;
	const struct edge *edge;
	struct libscols_line *line;
	const char *mark = "";

	if (device->disk->queued)
		mark = " (loop)";
	else if (again && device->disk->edges[WAY_DOWN])
		mark = " (see above)";
	line = listing_add(drawing->listing, device, parent, mark);
	/* A partition is drawn itself, its disk with all that is below. */
	device->reach = 1;
	if (again)
		return;
	device->disk->reach = 1;
	device->disk->queued = true;
	for (edge = device->disk->edges[WAY_DOWN]; edge; edge = edge->next[WAY_DOWN])
		if (edge->kind == EDGE_LINK && edge->slave->data)
			draw(drawing, edge->slave, line);
	device->disk->queued = false;
}

static void draw_tree(const struct report *report, struct listing *listing)
{
	struct drawing drawing = { .report = report, .listing = listing };
	struct device *device;
	bool rest;

	for (device = report->stack->first; device; device = device->next) {
		device->reach = 0;
		device->queued = false;
	}
	/* From the top; and then what is in a loop, which has none. */
	for (rest = false; ; rest = true) {
		for (device = report->stack->first; device; device = device->next)
			if (is_shown(report, device) && !device->reach &&
			    (rest || report->selected || !device->depth[WAY_UP]))
				draw(&drawing, device, NULL);
		if (rest)
			return;
	}
}

static void list_devices(const struct report *report, struct listing *listing)
{
	const struct device *device;

	for (device = report->stack->first; device; device = device->next)
		if (is_shown(report, device))
			listing_add(listing, device, NULL, "");
}

static void print_devices(const struct report *report)
{
	struct listing *listing = listing_new(&report->layout);

	do {
		if (report->layout.tree)
			draw_tree(report, listing);
		else
			list_devices(report, listing);
	} while (!listing_end(listing));
}

static void print_text(const struct report *report)
{
	size_t i;

	if (!report->alone) {
		print_module(report);
		putchar('\n');
	}
	print_devices(report);
	flush_output();
	for (i = 0; i < report->count; i++)
		fprintf(report->alone ? stderr : stdout, "%s: %s\n",
			findings[report->found[i].finding].label, report->found[i].text);
}

/* The whole command. */

static int worst(const struct report *report)
{
	enum finding finding = FINDINGS;
	size_t i;

	for (i = 0; i < report->count; i++)
		if (report->found[i].finding < finding)
			finding = report->found[i].finding;
	if (report->unknown)
		return STATUS_NO_DEVICE;
	if (report->failed && finding > FINDING_DEEP)
		return STATUS_FAILED;
	return finding == FINDINGS ? STATUS_FINE : (int)findings[finding].status;
}

static void select_devices(struct report *report, int count, char **names)
{
	struct device *device;
	char *name;

	for (; count--; names++) {
		device = lookup_device(report->stack, *names, &name);
		if (!device)
			device = stack_by_kname(report->stack, *names);
		free(name);
		if (device && device->data) {
			((struct shown *)device->data)->selected = true;
			report->selected = true;
		} else {
			say("there is no device \"%s\"", *names);
			report->unknown = true;
		}
	}
	if (report->unknown && !report->selected)
		exit(STATUS_NO_DEVICE);
}

static void set_columns(struct layout *layout, const char *list)
{
	const char *unknown;

	if (layout_parse(layout, list, &unknown))
		return;
	if (!unknown)
		usage_error(&command_status, "more than %d columns", COLUMNS);
	usage_error(&command_status, "no column \"%.*s\"", (int)strcspn(unknown, ","), unknown);
}

static void set_defaults(struct report *report)
{
	static const char list[] = "NAME,KNAME,TARGETS,SERVED-BY,DEPTH,STATE,TABLES,SLAVES";

	set_columns(&report->layout, list);
}

static void parse(struct report *report, int argc, char **argv)
{
	static const struct option options[] = {
		{ "bytes", no_argument, NULL, 'b' },
		{ "json", no_argument, NULL, 'J' },
		{ "noheadings", no_argument, NULL, 'n' },
		{ "output", required_argument, NULL, 'o' },
		{ "output-all", no_argument, NULL, 'O' },
		{ "pairs", no_argument, NULL, 'P' },
		{ "raw", no_argument, NULL, 'r' },
		{ "tree", no_argument, NULL, 'T' },
		COMMON_OPTIONS,
		{ 0 }
	};
	struct layout *layout = &report->layout;
	const char *list = NULL;
	bool all = false;
	int option;

	while ((option = getopt_long(argc, argv, "bJno:OPrT" COMMON_LETTERS, options,
				     NULL)) != -1) {
		switch (option) {
		case 'b':
			layout->bytes = true;
			break;
		case 'J':
			report->json = true;
			break;
		case 'n':
			layout->no_headings = true;
			break;
		case 'o':
			list = optarg;
			break;
		case 'O':
			all = true;
			break;
		case 'P':
			layout->pairs = true;
			break;
		case 'r':
			layout->raw = true;
			break;
		case 'T':
			layout->tree = true;
			break;
		default:
			common_option(&command_status, option, optarg);
		}
	}
	if (report->json + layout->pairs + layout->raw + layout->tree > 1)
		usage_error(&command_status,
			    "only one of --json, --pairs, --raw and --tree can be given");
	set_defaults(report);
	if (all || (report->json && !list))
		layout_all(layout);
	if (list)
		set_columns(layout, list);
	if (list || all || optind < argc || layout->no_headings || layout->pairs ||
	    layout->raw || layout->tree)
		report->alone = true;
}

static void finish(struct report *report)
{
	size_t i;

	for (i = 0; i < report->count; i++) {
		free(report->found[i].text);
		path_free(&report->found[i].path);
	}
	free(report->found);
	installation_free(&report->installation);
	stack_free(report->stack);
}

static int run(int argc, char **argv)
{
	struct report report = { 0 };
	int status;

	parse(&report, argc, argv);
	if (!system_is_copy())
		need_root("status");
	module_read(&report.module);
	report.layout.setting = &report.module.setting;
	report.knows_refusal = module_read_refusal(&report.refusal);
	if (report.refusal.unreadable) {
		say("%s", refusal_unreadable);
		report.failed = true;
	}
	module_read_installed(&report.installation);
	read_devices(&report);
	select_devices(&report, argc - optind, argv + optind);
	stack_forget(report.stack);
	find_paths(&report);
	find_settings(&report);
	find_unguarded(&report);
	find_versions(&report);
	if (report.json)
		print_json(&report);
	else
		print_text(&report);
	status = worst(&report);
	finish(&report);
	return status;
}

const struct command command_status = {
	.name = "status",
	.summary = "show the settings, the devices that are served, and what is wrong",
	.usage = "status [OPTION...] [NAME...]",
	.help =
		"  -b, --bytes         print SIZE in bytes\n"
		"  -J, --json          print all of it as JSON\n"
		"  -n, --noheadings    print no headings\n"
		"  -o, --output LIST   print these columns; +LIST: these as well\n"
		"  -O, --output-all    print all columns\n"
		"  -P, --pairs         print NAME=\"value\" pairs\n"
		"  -r, --raw           print words with a blank between them\n"
		"  -T, --tree          draw devices above those that they are stacked on\n"
		"\n"
		"With -n, -o, -O, -P, -r, -T or a NAME, the devices alone are on standard\n"
		"output, and what is wrong is on standard error.  The exit status is the\n"
		"verdict, whatever is printed.\n",
	.statuses =
		"   0  all is well\n"
		"   1  there is a loop, or too deep a stack\n"
		"   4  the module is not loaded\n"
		"   5  there is no such device\n"
		"   8  not all is guarded: a device, new tables, or other drivers' loads\n"
		"   9  there is a loop that the module cannot see\n"
		"  10  another version is on disk, or a kernel without the module\n",
	.run = run,
};
