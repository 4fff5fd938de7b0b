// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module: how it is set, what it has refused, and what is installed of it.
 *
 * Copyright (C) 2026 The dm-linear-guard developers
 */

#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h>
#include <libkmod.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <time.h>

#include "kmsg.h"
#include "module.h"
#include "say.h"
#include "system.h"
#include "text.h"

#define MODULE "sys/module/dm_linear_guard"

const char * const counter_names[COUNTERS] = {
	[COUNTER_SELF] = "self_refused",
	[COUNTER_LOOPS] = "loops_refused",
	[COUNTER_DEPTH] = "depth_refused",
	[COUNTER_RESUMES] = "resumes_refused",
	[COUNTER_RECURSIONS] = "recursions_ended",
	[COUNTER_NOT_REFUSED] = "not_refused",
};

const char refusal_unreadable[] =
	"/" MODULE "/parameters/last_refusal cannot be read, or is not understood";

/* A file of the module's; false if there is none. */
static bool read_file(const char *name, char *text, size_t size)
{
	char path[128];

	snprintf(path, sizeof(path), MODULE "/%s", name);
	return system_read(path, text, size) >= 0;
}

static bool read_bool(const char *parameter, bool otherwise)
{
	char text[8];

	return read_file(parameter, text, sizeof(text)) ? text[0] == 'Y' : otherwise;
}

static long read_long(const char *file, long otherwise)
{
	char text[32];

	return read_file(file, text, sizeof(text)) ? strtol(text, NULL, 10) : otherwise;
}

/**
 * module_read() - how the module is loaded, and set
 * @module: receives it
 */
void module_read(struct module *module)
{
	char text[32];
	unsigned int i;

	memset(module, 0, sizeof(*module));
	module->setting.kernel = system_kernel();
	module->setting.loaded = system_has(MODULE "/parameters/takeover");
	read_file("version", module->version, sizeof(module->version));
	module->users = read_long("refcnt", 0);
	module->setting.takeover = read_bool("parameters/takeover", true);
	module->setting.scope_all = !read_file("parameters/scope", text, sizeof(text)) ||
		!strcmp(text, "all");
	module->divert = read_bool("parameters/divert", true);
	module->setting.max_depth =
		(unsigned int)read_long("parameters/max_depth", 32);
	for (i = 0; i < COUNTERS; i++) {
		char path[64];

		snprintf(path, sizeof(path), "parameters/%s", counter_names[i]);
		module->counters[i] = read_long(path, 0);
	}
}

int module_set_takeover(bool takeover)
{
	return system_write(MODULE "/parameters/takeover", takeover ? "Y" : "N");
}

/**
 * refusal_age() - how long ago one was
 *
 * Return: seconds, or 0 if it is not known.
 */
uint64_t refusal_age(const struct refusal *refusal)
{
	struct timespec now;

	if (clock_gettime(CLOCK_BOOTTIME, &now) || (uint64_t)now.tv_sec < refusal->seconds)
		return 0;
	return (uint64_t)now.tv_sec - refusal->seconds;
}

/**
 * refusal_when() - when one was, in words
 *
 * Since when a copy of a system is one is not known.
 *
 * Return: to be freed.
 */
char *refusal_when(const struct refusal *refusal)
{
	bool copy = system_is_copy();
	char *age = text_age(copy ? refusal->seconds : refusal_age(refusal)), *when;

	when = format_text("%s %s", age, copy ? "after boot" : "ago");
	free(age);
	return when;
}

/* From before there was a file for it. */
static bool find_refusal(struct refusal *refusal)
{
	static const char * const patterns[] = {
		"device-mapper: linear-guard: refusing ",
		"device-mapper: linear-guard: not resuming ",
		"device-mapper: linear-guard: cannot refuse ", NULL
	};
	const char *text;

	if (!kmsg_last(patterns, refusal->text, sizeof(refusal->text), &refusal->seconds))
		return false;
	text = refusal->text + strlen("device-mapper: linear-guard: ");
	memmove(refusal->text, text, strlen(text) + 1);
	snprintf(refusal->kind, sizeof(refusal->kind), "%s",
		 strstr(refusal->text, ": stack deeper") ? "depth" : "loop");
	refusal->there = true;
	return true;
}

/**
 * module_read_refusal() - the last one
 * @refusal: receives it, if there was one
 *
 * Return: false if that is not known.
 */
bool module_read_refusal(struct refusal *refusal)
{
	unsigned int major, minor;
	char line[1100];
	int at = 0;

	memset(refusal, 0, sizeof(*refusal));
	if (!read_file("parameters/last_refusal", line, sizeof(line))) {
		refusal->unreadable = system_has(MODULE "/parameters/last_refusal");
		return !refusal->unreadable && find_refusal(refusal);
	}
	if (!line[0])
		return true;
	if (sscanf(line, "%" SCNu64 " %7s %u:%u %n", &refusal->seconds, refusal->kind, &major,
		   &minor, &at) < 4 || !at) {
		refusal->unreadable = true;
		return false;
	}
	refusal->there = true;
	refusal->number = makedev(major, minor);
	snprintf(refusal->text, sizeof(refusal->text), "%s", line + at);
	return true;
}

/**
 * module_scope_reason() - why only the loads of linear tables are checked
 * @module: loaded, with scope=linear
 *
 * Return: to be freed.
 */
char *module_scope_reason(const struct module *module)
{
	static const char * const patterns[] = {
		"device-mapper: linear-guard: only linear tables are checked: ", NULL
	};
	char text[256], ftrace[8];
	uint64_t seconds;

	if (module->divert)
		return format_text("it was set so");
	/* What was so when the module was loaded, if that is still in the log. */
	if (kmsg_last(patterns, text, sizeof(text), &seconds))
		return need(strdup(text + strlen(patterns[0])));
	if (system_read("proc/sys/kernel/ftrace_enabled", ftrace, sizeof(ftrace)) > 0 &&
	    ftrace[0] == '0')
		return format_text("ftrace is off");
	return format_text("divert is off, by a parameter or as the kernel cannot divert calls");
}

/* What is installed. */

/*
 * libkmod, which reads modules as modinfo does, compressed ones too.  It brings libraries
 * for that, and for signatures, whose start takes longer than all else here, and only
 * "status" asks: so it is loaded when it is needed, and need not be there.
 */
static struct kmod {
	__typeof__(kmod_new) *new;
	__typeof__(kmod_unref) *unref;
	__typeof__(kmod_module_new_from_lookup) *lookup;
	__typeof__(kmod_module_get_module) *get;
	__typeof__(kmod_module_get_path) *path;
	__typeof__(kmod_module_get_info) *info;
	__typeof__(kmod_module_info_get_key) *key;
	__typeof__(kmod_module_info_get_value) *value;
	__typeof__(kmod_module_info_free_list) *free_info;
	__typeof__(kmod_module_unref) *put;
	__typeof__(kmod_module_unref_list) *put_list;
	__typeof__(kmod_list_next) *next;
} kmod;

static bool load_kmod(void)
{
	static const struct {
		const char *name;
		void *at;
	} symbols[] = {
		{ "kmod_new", &kmod.new },
		{ "kmod_unref", &kmod.unref },
		{ "kmod_module_new_from_lookup", &kmod.lookup },
		{ "kmod_module_get_module", &kmod.get },
		{ "kmod_module_get_path", &kmod.path },
		{ "kmod_module_get_info", &kmod.info },
		{ "kmod_module_info_get_key", &kmod.key },
		{ "kmod_module_info_get_value", &kmod.value },
		{ "kmod_module_info_free_list", &kmod.free_info },
		{ "kmod_module_unref", &kmod.put },
		{ "kmod_module_unref_list", &kmod.put_list },
		{ "kmod_list_next", &kmod.next },
	};
	void *library = dlopen("libkmod.so.2", RTLD_NOW | RTLD_LOCAL), *symbol;
	size_t i;

	for (i = 0; library && i < ARRAY_SIZE(symbols); i++) {
		symbol = dlsym(library, symbols[i].name);
		if (!symbol)
			return false;
		memcpy(symbols[i].at, &symbol, sizeof(symbol));
	}
	return library;
}

static char *find_version(struct kmod_module *module)
{
	struct kmod_list *info = NULL, *at;
	char *version = NULL;

	if (kmod.info(module, &info) < 0)
		return NULL;
	for (at = info; at && !version; at = kmod.next(info, at))
		if (!strcmp(kmod.key(at), "version"))
			version = need(strdup(kmod.value(at)));
	kmod.free_info(info);
	return version;
}

/* The version of the module that a kernel would load, "?" if it has none, or NULL. */
static char *installed_version(const char *release)
{
	static const char * const no_config[] = { NULL };
	char *path = format_text("lib/modules/%s", release), *dir = system_path(path);
	struct kmod_ctx *context = kmod.new(dir, no_config);
	struct kmod_list *found = NULL;
	struct kmod_module *module;
	char *version = NULL;

	free(path);
	free(dir);
	need(context);
	if (kmod.lookup(context, "dm-linear-guard", &found) >= 0 && found) {
		module = kmod.get(found);
		if (kmod.path(module)) {
			version = find_version(module);
			if (!version)
				version = need(strdup("?"));
		}
		kmod.put(module);
		kmod.put_list(found);
	}
	kmod.unref(context);
	return version;
}

/* What has no image is what a kernel that has gone left behind. */
static bool has_image(const char *release)
{
	static const char * const places[] = {
		"boot/vmlinuz-%s", "lib/modules/%s/vmlinuz", "boot/vmlinux-%s",
		"boot/Image-%s",
	};
	char path[512];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		const char *place = places[i], *name = strchr(place, '%');

		snprintf(path, sizeof(path), "%.*s%s%s", (int)(name - place), place,
			 release, name + 2);
		if (system_has(path))
			return true;
	}
	return false;
}

static void add_installed(struct installation *installation, const char *release,
			  bool running)
{
	struct installed *installed;

	installation->at = grow(installation->at, installation->count,
				&installation->room, sizeof(*installation->at));
	installed = &installation->at[installation->count++];
	installed->release = need(strdup(release));
	installed->version = installation->known ? installed_version(release) : NULL;
	installed->running = running;
}

static int see_release(const char *name, void *data)
{
	if (strcmp(name, system_release()) && has_image(name))
		add_installed(data, name, false);
	return 0;
}

static int compare_releases(const void *a, const void *b)
{
	const struct installed *one = a, *other = b;

	if (one->running != other->running)
		return one->running ? -1 : 1;
	return strverscmp(one->release, other->release);
}

/**
 * module_read_installed() - which kernels have the module
 * @installation: receives them; for installation_free()
 */
void module_read_installed(struct installation *installation)
{
	memset(installation, 0, sizeof(*installation));
	installation->known = load_kmod();
	add_installed(installation, system_release(), true);
	/* Where there is no such directory, no other kernel is installed. */
	system_each("lib/modules", see_release, installation);
	qsort(installation->at, installation->count, sizeof(*installation->at),
	      compare_releases);
}

void installation_free(struct installation *installation)
{
	size_t i;

	for (i = 0; i < installation->count; i++) {
		free(installation->at[i].release);
		free(installation->at[i].version);
	}
	free(installation->at);
	memset(installation, 0, sizeof(*installation));
}
