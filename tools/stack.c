// SPDX-License-Identifier: GPL-2.0-only
/*
 * Block devices, and which is stacked on which, in memory.
 *
 * Copyright (C) 2026 The dm-linear-guard developers
 */

#include <libdevmapper.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "say.h"
#include "stack.h"
#include "text.h"

/* libdevmapper's hash tables do not grow: this is enough for some 10,000 devices. */
#define BUCKETS 8192

struct stack *stack_new(void)
{
	struct stack *stack = need(calloc(1, sizeof(*stack)));

	stack->pool = need(dm_pool_create("stack", 16 * 1024));
	stack->numbers = need(dm_hash_create(BUCKETS));
	stack->knames = need(dm_hash_create(BUCKETS));
	stack->names = need(dm_hash_create(BUCKETS));
	stack->last = &stack->first;
	return stack;
}

/**
 * stack_forget() - devices are no longer looked up, but only walked through
 *
 * What that has taken is there for the output.
 */
void stack_forget(struct stack *stack)
{
	struct dm_hash_table **tables[] = { &stack->numbers, &stack->knames, &stack->names };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tables); i++) {
		if (*tables[i])
			dm_hash_destroy(*tables[i]);
		*tables[i] = NULL;
	}
}

void stack_free(struct stack *stack)
{
	stack_forget(stack);
	dm_pool_destroy(stack->pool);
	free(stack);
}

/**
 * stack_add() - a device that is not there yet
 * @stack: where
 * @number: of it, or 0
 * @kname: what the kernel calls it, or NULL
 *
 * It is a disk, until its @disk is set to another.
 */
struct device *stack_add(struct stack *stack, dev_t number, const char *kname)
{
	struct device *device = need(dm_pool_zalloc(stack->pool, sizeof(*device)));

	device->disk = device;
	if (kname) {
		device->kname = need(dm_pool_strdup(stack->pool, kname));
		device->mapped = !strncmp(kname, "dm-", 3);
		if (!dm_hash_insert(stack->knames, device->kname, device))
			need(NULL);
	}
	device->number = number;
	if (number && !dm_hash_insert_binary(stack->numbers, &number, sizeof(number), device))
		need(NULL);
	*stack->last = device;
	stack->last = &device->next;
	stack->count++;
	return device;
}

/**
 * stack_link() - one is stacked on another
 * @stack: where
 * @holder: the device above
 * @slave: the device below
 * @kind: how
 *
 * Links are kept in the order in which they are made.
 */
struct edge *stack_link(struct stack *stack, struct device *holder,
			struct device *slave, enum edge_kind kind)
{
	struct edge *edge = need(dm_pool_zalloc(stack->pool, sizeof(*edge)));
	struct device *ends[] = { [WAY_DOWN] = holder->disk, [WAY_UP] = slave->disk };
	unsigned int way;

	edge->holder = holder->disk;
	edge->slave = slave;
	edge->kind = kind;
	for (way = WAY_DOWN; way <= WAY_UP; way++) {
		struct device *end = ends[way];

		if (end->last[way])
			end->last[way]->next[way] = edge;
		else
			end->edges[way] = edge;
		end->last[way] = edge;
	}
	return edge;
}

static int compare_numbers(const void *a, const void *b)
{
	const struct device *const *one = a, *const *other = b;

	if (major((*one)->number) != major((*other)->number))
		return major((*one)->number) < major((*other)->number) ? -1 : 1;
	return minor((*one)->number) < minor((*other)->number) ? -1 :
		minor((*one)->number) > minor((*other)->number);
}

/**
 * stack_sort_devices() - put some in the order of their numbers
 */
void stack_sort_devices(struct device **devices, size_t count)
{
	if (count)
		qsort(devices, count, sizeof(*devices), compare_numbers);
}

/**
 * stack_sort() - have the devices in the order of their numbers
 */
void stack_sort(struct stack *stack)
{
	struct device **all = need(calloc(stack->count + 1, sizeof(*all))), *device;
	size_t i = 0;

	for (device = stack->first; device; device = device->next)
		all[i++] = device;
	stack_sort_devices(all, stack->count);
	stack->last = &stack->first;
	for (i = 0; i < stack->count; i++) {
		*stack->last = all[i];
		stack->last = &all[i]->next;
	}
	*stack->last = NULL;
	free(all);
}

static void add_name(struct stack *stack, const char *name, struct device *device)
{
	if (!dm_hash_lookup(stack->names, name) &&
	    !dm_hash_insert(stack->names, name, device))
		need(NULL);
}

/**
 * stack_set_name() - tell the name of a mapped device
 * @stack: where
 * @device: which
 * @raw: what it is called in the kernel
 *
 * It is found by that, by the name that dmsetup was given, and by what is shown.  Where
 * one device's name looks like another's, the first is found.
 */
void stack_set_name(struct stack *stack, struct device *device, const char *raw)
{
	char *name = text_unmangled(raw);
	char *shown = text_shown(name);

	device->name = need(dm_pool_strdup(stack->pool, name));
	add_name(stack, raw, device);
	if (strcmp(name, raw))
		add_name(stack, name, device);
	if (strcmp(shown, raw) && strcmp(shown, name))
		add_name(stack, shown, device);
	free(shown);
	free(name);
}

struct device *stack_by_number(const struct stack *stack, dev_t number)
{
	return dm_hash_lookup_binary(stack->numbers, &number, sizeof(number));
}

struct device *stack_by_kname(const struct stack *stack, const char *kname)
{
	return dm_hash_lookup(stack->knames, kname);
}

struct device *stack_by_name(const struct stack *stack, const char *name)
{
	return dm_hash_lookup(stack->names, name);
}

/**
 * device_shown() - a device as the kernel's log has it: "home (dm-3)", "sda"
 *
 * Return: to be freed.
 */
char *device_shown(const struct device *device)
{
	const char *kname = device->kname, *gone = device->gone ? ", gone" : "";
	char *name, *shown;

	if (!device->name) {
		name = text_shown(kname ? kname : "?");
		if (!device->gone)
			return name;
		shown = format_text("%s (gone)", name);
	} else {
		name = text_shown(device->name);
		if (!kname)
			return name;
		shown = format_text("%s (%s%s)", name, kname, gone);
	}
	free(name);
	return shown;
}
