// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the module and the kernel refuse, predicted: nothing here asks either.
 *
 * Copyright (C) 2026 The dm-linear-guard developers
 *
 * The questions are those of guard/graph.c, but here all links are known at once, so that
 * a depth is counted for all devices in one walk.
 */

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules.h"
#include "say.h"

void path_add(struct path *path, struct device *device)
{
	if (!path)
		return;
	path->at = grow(path->at, path->length, &path->room, sizeof(*path->at));
	path->at[path->length++] = device;
}

void path_free(struct path *path)
{
	free(path->at);
	memset(path, 0, sizeof(*path));
}

/* The disk at the end of an edge. */
static struct device *end_of(const struct edge *edge, enum way way)
{
	return way == WAY_DOWN ? edge->slave->disk : edge->holder;
}

/* Whether an edge is one that the module sees, or any. */
static bool counts(const struct edge *edge, bool any)
{
	return any || edge->kind == EDGE_LINK;
}

#define for_each_edge(edge, disk, way) \
	for ((edge) = (disk)->edges[way]; (edge); (edge) = (edge)->next[way])

/* A queue that each device is in once at most. */
struct queue {
	struct device **at;
	size_t first, length, room;
};

static void push(struct queue *queue, struct device *device)
{
	queue->at = grow(queue->at, queue->length, &queue->room, sizeof(*queue->at));
	queue->at[queue->length++] = device;
	device->queued = true;
}

static struct device *pop(struct queue *queue)
{
	struct device *device;

	if (queue->first == queue->length)
		return NULL;
	device = queue->at[queue->first++];
	device->queued = false;
	return device;
}

static void drain(struct queue *queue)
{
	while (pop(queue))
		;
	free(queue->at);
}

/* The longest way, one way: what no way from the end comes to has a loop on it. */
static void measure(struct stack *stack, enum way way)
{
	enum way back = way == WAY_DOWN ? WAY_UP : WAY_DOWN;
	struct queue queue = { 0 };
	struct device *device, *next;
	struct edge *edge;

	for (device = stack->first; device; device = device->next) {
		device->left = 0;
		for_each_edge(edge, device, way)
			device->left += edge->kind == EDGE_LINK;
		device->depth[way] = device->left ? STACK_FAR : 0;
		device->reach = 0;
		if (!device->left)
			push(&queue, device);
	}
	while ((device = pop(&queue))) {
		device->depth[way] = device->reach < STACK_FAR ? device->reach : STACK_FAR;
		for_each_edge(edge, device, back) {
			if (edge->kind != EDGE_LINK)
				continue;
			next = end_of(edge, back);
			if (next->reach <= device->reach)
				next->reach = device->reach + 1;
			if (!--next->left)
				push(&queue, next);
		}
	}
	drain(&queue);
}

/**
 * rules_measure() - find out how deep each device is stacked, both ways
 * @stack: with all links
 */
void rules_measure(struct stack *stack)
{
	measure(stack, WAY_DOWN);
	measure(stack, WAY_UP);
}

/* Is there a way down from one disk to another?  Then its devices lead back by @via. */
static bool reaches(struct stack *stack, struct device *from, struct device *to, bool any)
{
	struct queue queue = { 0 };
	struct device *device, *next;
	struct edge *edge;
	bool found = false;

	stack->round++;
	from->round = stack->round;
	from->via = NULL;
	push(&queue, from);
	while (!found && (device = pop(&queue))) {
		for_each_edge(edge, device, WAY_DOWN) {
			next = end_of(edge, WAY_DOWN);
			if (!counts(edge, any))
				continue;
			if (next == to) {
				to->via = device;
				found = true;
				break;
			}
			if (next->round == stack->round)
				continue;
			next->round = stack->round;
			next->via = device;
			push(&queue, next);
		}
	}
	drain(&queue);
	return found;
}

/* From @holder by @slave, and on the way that was found, back to @holder. */
static void put_loop(struct path *path, struct device *holder)
{
	struct device *device;
	size_t length, i, j;

	if (!path)
		return;
	path_add(path, holder);
	length = path->length;
	for (device = holder->via; device; device = device->via)
		path_add(path, device);
	/* They were come to from the end. */
	for (i = length, j = path->length; i + 1 < j; i++) {
		j--;
		device = path->at[i];
		path->at[i] = path->at[j];
		path->at[j] = device;
	}
	path_add(path, holder);
}

/* The deepest next one that this walk has not come by. */
static struct device *furthest(struct stack *stack, struct device *device, enum way way)
{
	struct device *best = NULL, *next;
	struct edge *edge;

	for_each_edge(edge, device, way) {
		next = end_of(edge, way);
		if (edge->kind != EDGE_LINK || next->round == stack->round)
			continue;
		if (!best || next->depth[way] > best->depth[way])
			best = next;
	}
	if (best)
		best->round = stack->round;
	return best;
}

/* All that is above a disk, the highest first, and all that is below another. */
static void put_stack(struct stack *stack, struct path *path, struct device *holder,
		      struct device *slave)
{
	struct device *device;
	struct path above = { 0 };

	if (!path)
		return;
	stack->round++;
	holder->round = stack->round;
	if (slave)
		slave->round = stack->round;
	for (device = holder; device; device = furthest(stack, device, WAY_UP))
		path_add(&above, device);
	while (above.length)
		path_add(path, above.at[--above.length]);
	path_free(&above);
	for (device = slave ? slave : furthest(stack, holder, WAY_DOWN); device;
	     device = furthest(stack, device, WAY_DOWN))
		path_add(path, device);
}

/**
 * rules_judge() - ask what the module asks of a link that need not be there
 * @stack: measured
 * @holder: the disk above
 * @slave: the device below
 * @max_depth: how deep a stack may be, not counting the device at the bottom
 * @path: receives what was found, unless NULL
 */
enum verdict rules_judge(struct stack *stack, struct device *holder,
			 struct device *slave, unsigned int max_depth,
			 struct path *path)
{
	unsigned int above = holder->depth[WAY_UP], below;

	slave = slave->disk;
	below = slave->depth[WAY_DOWN];
	if (slave == holder) {
		path_add(path, holder);
		path_add(path, holder);
		return VERDICT_SELF;
	}
	if (reaches(stack, slave, holder, false)) {
		put_loop(path, holder);
		return VERDICT_LOOP;
	}
	if (above + 1 + below <= max_depth)
		return VERDICT_FINE;
	/* In a loop or below one, only what is below counts. */
	if (above == STACK_FAR && below + 1 <= max_depth)
		return VERDICT_FINE;
	put_stack(stack, path, holder, slave);
	return VERDICT_DEEP;
}

/**
 * rules_hidden() - would a link close a loop through a file and the like
 * @stack: with edges of all kinds
 * @holder: the disk above
 * @slave: the device below
 * @path: receives the loop
 */
bool rules_hidden(struct stack *stack, struct device *holder, struct device *slave,
		  struct path *path)
{
	if (!reaches(stack, slave->disk, holder, true))
		return false;
	put_loop(path, holder);
	return true;
}

/**
 * rules_in_loop() - which device of a path is a part of a loop that is there already
 *
 * Return: the first one, or NULL.
 */
const struct device *rules_in_loop(struct stack *stack, const struct path *path)
{
	size_t i;

	for (i = 0; i < path->length; i++)
		if (reaches(stack, path->at[i], path->at[i], false))
			return path->at[i];
	return NULL;
}

/* Loops that are there: what each device reaches and is reached from. */

/* A walk through all devices, by Tarjan's algorithm, without recursion. */
struct search {
	struct device **open;	/* seen, and not yet known to be of which loop */
	size_t count, room;
	struct device *up;	/* the device that the walk is at; @via leads back */
	unsigned int index;
	unsigned int loops;
	bool any;
};

static void come_to(struct search *search, struct device *device, struct device *from)
{
	device->index = ++search->index;
	device->low = device->index;
	device->at = device->edges[WAY_DOWN];
	device->via = from;
	device->queued = true;
	search->open = grow(search->open, search->count, &search->room,
			    sizeof(*search->open));
	search->open[search->count++] = device;
	search->up = device;
}

/* What was seen since is a loop, unless it is one device. */
static void settle(struct search *search, struct device *device)
{
	size_t first = search->count;

	while (search->open[--first] != device)
		;
	search->loops++;
	while (search->count > first) {
		search->count--;
		search->open[search->count]->queued = false;
		search->open[search->count]->loop = search->loops;
	}
}

static void step(struct search *search)
{
	struct device *device = search->up, *next;
	struct edge *edge = device->at;

	if (edge) {
		device->at = edge->next[WAY_DOWN];
		next = end_of(edge, WAY_DOWN);
		if (!counts(edge, search->any))
			return;
		if (!next->index)
			come_to(search, next, device);
		else if (next->queued && next->index < device->low)
			device->low = next->index;
		return;
	}
	if (device->low == device->index)
		settle(search, device);
	search->up = device->via;
	if (search->up && device->low < search->up->low)
		search->up->low = device->low;
}

/* Devices have the same @loop if each reaches the other. */
static void find_loops(struct stack *stack, bool any)
{
	struct search search = { .any = any };
	struct device *device;

	for (device = stack->first; device; device = device->next)
		device->index = 0;
	for (device = stack->first; device; device = device->next) {
		if (!device->index)
			come_to(&search, device, NULL);
		while (search.up)
			step(&search);
	}
	free(search.open);
}

/* The first edge of a disk that is a part of a loop. */
static struct edge *loop_edge(struct device *device, bool hidden)
{
	struct edge *edge;

	for_each_edge(edge, device, WAY_DOWN)
		if (edge->slave->disk->loop == device->loop &&
		    (edge->kind != EDGE_LINK) == hidden)
			return edge;
	return NULL;
}

/* One way around each loop that has such an edge, which is its first. */
static void each_loop(struct stack *stack, bool hidden, rules_path_fn fn, void *data)
{
	struct path path = { 0 };
	struct device *device;
	struct edge *edge;
	bool *told;

	find_loops(stack, hidden);
	told = need(calloc(stack->count + 1, sizeof(*told)));
	for (device = stack->first; device; device = device->next) {
		if (told[device->loop])
			continue;
		edge = loop_edge(device, hidden);
		if (!edge)
			continue;
		told[device->loop] = true;
		path.length = 0;
		if (edge->slave->disk == device) {
			path_add(&path, device);
			path_add(&path, device);
		} else if (reaches(stack, edge->slave->disk, device, hidden)) {
			put_loop(&path, device);
		}
		fn(&path, data);
	}
	free(told);
	path_free(&path);
}

/**
 * rules_each_loop() - tell each loop of links once
 * @stack: all devices
 * @fn: told it
 * @data: for it
 */
void rules_each_loop(struct stack *stack, rules_path_fn fn, void *data)
{
	each_loop(stack, false, fn, data);
}

/**
 * rules_each_hidden() - tell each loop through a file and the like once
 */
void rules_each_hidden(struct stack *stack, rules_path_fn fn, void *data)
{
	each_loop(stack, true, fn, data);
}

/**
 * rules_each_deep() - tell each stack that is too deep, but no loop, once
 * @stack: measured
 * @max_depth: how deep one may be
 * @fn: told it
 * @data: for it
 */
void rules_each_deep(struct stack *stack, unsigned int max_depth, rules_path_fn fn,
		     void *data)
{
	struct path path = { 0 };
	struct device *device;

	for (device = stack->first; device; device = device->next) {
		if (device->depth[WAY_UP] || device->depth[WAY_DOWN] <= max_depth ||
		    device->depth[WAY_DOWN] == STACK_FAR)
			continue;
		path.length = 0;
		put_stack(stack, &path, device, NULL);
		fn(&path, data);
	}
	path_free(&path);
}

/* Who judges a load, and what comes of it. */

/**
 * rules_server() - whose target a line of a table gets
 * @setting: what decides
 * @target: the name in the line
 */
enum server rules_server(const struct setting *setting, const char *target)
{
	if (!strcmp(target, "linear"))
		return setting->loaded && setting->takeover ? SERVER_GUARD : SERVER_STOCK;
	if (!strcmp(target, "linear-guard") && setting->loaded)
		return SERVER_GUARD;
	return SERVER_OTHER;
}

static struct ruling accepted(void)
{
	return (struct ruling) { .outcome = OUTCOME_ACCEPTED };
}

static struct ruling refused(int error, const char *reason)
{
	return (struct ruling) {
		.outcome = OUTCOME_REFUSED, .error = error, .reason = reason,
	};
}

/* Why nobody judges it. */
static const char *excuse(const struct setting *setting, const struct opening *opening)
{
	if (!setting->loaded)
		return "the module is not loaded";
	if (!setting->scope_all && opening->server == SERVER_STOCK)
		return "takeover is off, and scope is linear";
	if (!setting->scope_all)
		return "scope is linear, and this is another target";
	return "a table of the same device has it open already";
}

/**
 * rules_ruling() - what becomes of a line that opens a device
 * @setting: what decides
 * @opening: how it is opened
 * @verdict: what is wrong with that
 */
struct ruling rules_ruling(const struct setting *setting, const struct opening *opening,
			   enum verdict verdict)
{
	static const char * const reasons[] = {
		[VERDICT_SELF] = "Device maps onto itself",
		[VERDICT_LOOP] = "Device closes a loop",
		[VERDICT_DEEP] = "Stack of devices is too deep",
	};
	bool guard = opening->server == SERVER_GUARD;
	bool judged = guard ||
		(setting->loaded && setting->scope_all && !opening->linked);

	if (verdict == VERDICT_FINE)
		return accepted();
	if (verdict == VERDICT_SELF) {
		/* A disk that is not there yet cannot be opened. */
		if (!guard && !opening->added && setting->kernel < 0x0602)
			return refused(ENXIO, "Device lookup failed");
		/* From 6.2 on the kernel refuses this one by itself. */
		if (judged || setting->kernel >= 0x0602)
			return refused(EINVAL, reasons[verdict]);
	} else if (judged) {
		return refused(ELOOP, reasons[verdict]);
	}
	return (struct ruling) {
		.outcome = OUTCOME_LET_THROUGH, .reason = reasons[verdict],
		.excuse = excuse(setting, opening),
	};
}

/* Digits and nothing else; modulo 2^64, as the kernel's sscanf() reads them. */
static bool read_digits(const char *text, uint64_t *number, bool *overflows)
{
	uint64_t value = 0;

	*overflows = false;
	if (!isdigit((unsigned char)text[0]))
		return false;
	for (; isdigit((unsigned char)*text); text++) {
		unsigned int digit = (unsigned int)(*text - '0');

		if (value > (UINT64_MAX - digit) / 10)
			*overflows = true;
		value = value * 10 + digit;
	}
	*number = value;
	return !*text;
}

static struct ruling bad_offset(const char *word, bool overflows)
{
	if (word[0] == '-' && isdigit((unsigned char)word[1]))
		return refused(EINVAL, "Device sector is negative");
	if (!isdigit((unsigned char)word[0]))
		return refused(EINVAL, "Device sector is not a number");
	if (!overflows || word[strspn(word, "0123456789")])
		return refused(EINVAL, "Garbage after device sector");
	return refused(EINVAL, "Device sector is too large");
}

/**
 * rules_linear() - what becomes of the arguments of a linear line, but its device
 * @server: SERVER_GUARD or SERVER_STOCK
 * @count: of them
 * @words: which
 * @offset: receives the second one
 */
struct ruling rules_linear(enum server server, size_t count, char *const *words,
			   uint64_t *offset)
{
	bool overflows, digits;

	*offset = 0;
	if (count != 2)
		return refused(EINVAL, "Invalid argument count");
	digits = read_digits(words[1], offset, &overflows);
	if (digits && (!overflows || server == SERVER_STOCK))
		return accepted();
	if (server == SERVER_STOCK)
		return refused(EINVAL, "Invalid device sector");
	return bad_offset(words[1], overflows);
}

/**
 * rules_area() - what becomes of a range of a device below
 * @server: whose target the line is
 * @first: it is the first load of its mapped device, for which core asks as well
 * @area: the device
 * @start: the first sector
 * @length: how many sectors
 */
struct ruling rules_area(enum server server, bool first, const struct area *area,
			 uint64_t start, uint64_t length)
{
	uint64_t block = area->block / 512;
	bool guard = server == SERVER_GUARD && !area->mapped;

	if (!area->size || (!guard && !first))
		return accepted();
	if (start >= area->size || length > area->size - start)
		return refused(EINVAL, "Range runs past the end of the device");
	if (block > 1 && (start % block || length % block))
		return refused(EINVAL, "Range is not aligned to logical blocks");
	if (first && area->zone && (start % area->zone || length % area->zone))
		return refused(EINVAL, "Range is not aligned to zones");
	return accepted();
}
