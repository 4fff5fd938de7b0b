// SPDX-License-Identifier: GPL-2.0-only
/*
 * The graph of block devices, in memory.
 *
 * Copyright (C) 2026 The dm-linear-guard developers
 *
 * Every disk knows how far it is from the bottom of the deepest stack below it,
 * and from the top of the highest one above, so that most questions are answered
 * without a walk.  Nothing here follows a gendisk, a table or a dm_dev: their
 * addresses are compared only, so that nothing has to be pinned.
 */

#include <linux/list.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "graph.h"

/* The two directions that an edge can be looked at from. */
enum guard_way {
	GUARD_DOWN,	/* towards what a disk is stacked on */
	GUARD_UP	/* towards what is stacked on it */
};

#define guard_back(way) ((way) == GUARD_DOWN ? GUARD_UP : GUARD_DOWN)

/*
 * A disk that has edges.
 *
 * @bucket: in the graph's hash table
 * @id: who it is; its name is the array below
 * @edges: to slaves, to holders
 * @depth: edges on the longest way down and up, at most GUARD_FAR
 * @queue: in the queue of a walk, else empty
 * @round: the last walk that came by
 * @via: where that walk came from
 * @table: the table in its live slot, guard_unguarded, or NULL if that is not known
 * @since: the graph's time when it was first resumed
 * @until: and when it was last about to be suspended
 */
struct guard_node {
	struct hlist_node bucket;
	struct guard_id id;
	struct list_head edges[2];
	unsigned int depth[2];
	struct list_head queue;
	u64 round;
	struct guard_node *via;
	const void *table;
	u64 since;
	u64 until;
	char name[DISK_NAME_LEN];
};

/*
 * One disk is stacked on another, by way of one device.
 *
 * @at: in the lists of edges of its holder (down) and its slave (up)
 * @end: its slave (down) and its holder (up)
 * @dev: number of the slave or of its partition
 * @born: the graph's time when it was added
 * @changes: how often the reasons have changed
 * @reasons: how many there are of each kind
 * @table: the table that is known to be live and to have opened it,
 *	   guard_unguarded, or NULL
 */
struct guard_edge {
	struct list_head at[2];
	struct guard_node *end[2];
	dev_t dev;
	u64 born;
	unsigned int changes;
	unsigned int reasons[GUARD_REASONS];
	const void *table;
};

/* A device opened by a first table of another target, and how often. */
struct guard_promise {
	struct hlist_node bucket;
	const void *table;
	const void *dm_dev;
	unsigned int count;
	struct guard_edge *edge;
};

/* Stands for a live table that is not guarded, and has replaced one that was. */
static const char guard_unguarded[1];

/* Memory that may be needed under the lock, where none can be had. */
struct guard_spare {
	struct guard_node *nodes[2];
	struct guard_edge *edge;
	struct guard_promise *promise;
};

static int guard_fill_spare(struct guard_spare *spare, bool promise, gfp_t gfp)
{
	spare->nodes[0] = kzalloc_obj(*spare->nodes[0], gfp);
	spare->nodes[1] = kzalloc_obj(*spare->nodes[1], gfp);
	spare->edge = kzalloc_obj(*spare->edge, gfp);
	if (promise)
		spare->promise = kzalloc_obj(*spare->promise, gfp);
	if (!spare->nodes[0] || !spare->nodes[1] || !spare->edge ||
	    (promise && !spare->promise))
		return -ENOMEM;
	return 0;
}

static void guard_free_spare(struct guard_spare *spare)
{
	kfree(spare->nodes[0]);
	kfree(spare->nodes[1]);
	kfree(spare->edge);
	kfree(spare->promise);
}

/* Nodes and edges. */

static void guard_raise(struct guard_node *node, unsigned int depth,
			enum guard_way way)
{
	enum guard_way back = guard_back(way);
	struct guard_edge *edge;
	LIST_HEAD(queue);

	if (depth <= node->depth[way])
		return;
	node->depth[way] = depth;
	list_add_tail(&node->queue, &queue);

	/* Around a loop this goes on until all in it have GUARD_FAR. */
	while (!list_empty(&queue)) {
		node = list_first_entry(&queue, struct guard_node, queue);
		list_del_init(&node->queue);
		depth = min(node->depth[way] + 1, (unsigned int)GUARD_FAR);
		list_for_each_entry(edge, &node->edges[back], at[back]) {
			struct guard_node *next = edge->end[back];

			if (depth <= next->depth[way])
				continue;
			next->depth[way] = depth;
			if (list_empty(&next->queue))
				list_add_tail(&next->queue, &queue);
		}
	}
}

/* The longest way by a node's edges, but no more than @enough. */
static unsigned int guard_longest(struct guard_node *node, enum guard_way way,
				  unsigned int enough)
{
	struct guard_edge *edge;
	unsigned int depth = 0;

	list_for_each_entry(edge, &node->edges[way], at[way]) {
		depth = max(depth, edge->end[way]->depth[way] + 1);
		if (depth >= enough)
			return enough;
	}
	return depth;
}

static void guard_lower(struct guard_node *node, enum guard_way way)
{
	enum guard_way back = guard_back(way);
	struct guard_edge *edge;
	unsigned int old, depth;
	LIST_HEAD(queue);

	list_add_tail(&node->queue, &queue);
	while (!list_empty(&queue)) {
		node = list_first_entry(&queue, struct guard_node, queue);
		list_del_init(&node->queue);
		old = node->depth[way];
		depth = guard_longest(node, way, old);
		if (depth == old)
			continue;
		node->depth[way] = depth;
		/* Those whose longest way may have been through this node. */
		old = min(old + 1, (unsigned int)GUARD_FAR);
		list_for_each_entry(edge, &node->edges[back], at[back])
			if (edge->end[back]->depth[way] == old &&
			    list_empty(&edge->end[back]->queue))
				list_add_tail(&edge->end[back]->queue, &queue);
	}
}

static struct guard_edge *guard_add_edge(struct guard_graph *graph,
					 struct guard_node *holder,
					 struct guard_node *slave, dev_t dev,
					 struct guard_spare *spare)
{
	struct guard_edge *edge = spare->edge;

	spare->edge = NULL;
	edge->dev = dev;
	edge->born = ++graph->time;
	edge->end[GUARD_DOWN] = slave;
	edge->end[GUARD_UP] = holder;
	list_add(&edge->at[GUARD_DOWN], &holder->edges[GUARD_DOWN]);
	list_add(&edge->at[GUARD_UP], &slave->edges[GUARD_UP]);
	guard_raise(holder, min(slave->depth[GUARD_DOWN] + 1,
				(unsigned int)GUARD_FAR), GUARD_DOWN);
	guard_raise(slave, min(holder->depth[GUARD_UP] + 1,
			       (unsigned int)GUARD_FAR), GUARD_UP);
	return edge;
}

/* Leaves the edge to guard_settle(), or to who drops it. */
static void guard_del_promise(struct guard_graph *graph,
			      struct guard_promise *promise)
{
	hash_del(&promise->bucket);
	promise->edge->reasons[GUARD_PROMISED]--;
	graph->promised--;
	kfree(promise);
}

static void guard_drop_promises(struct guard_graph *graph,
				struct guard_edge *edge)
{
	struct guard_promise *promise;
	struct hlist_node *tmp;
	int i;

	hash_for_each_safe(graph->promises, i, tmp, promise, bucket) {
		if (!edge->reasons[GUARD_PROMISED])
			return;
		if (promise->edge == edge)
			guard_del_promise(graph, promise);
	}
}

static void guard_put_node(struct guard_node *node)
{
	if (!list_empty(&node->edges[GUARD_DOWN]) ||
	    !list_empty(&node->edges[GUARD_UP]))
		return;
	hash_del(&node->bucket);
	kfree(node);
}

static void guard_del_edge(struct guard_graph *graph, struct guard_edge *edge)
{
	struct guard_node *holder = edge->end[GUARD_UP];
	struct guard_node *slave = edge->end[GUARD_DOWN];

	guard_drop_promises(graph, edge);
	list_del(&edge->at[GUARD_DOWN]);
	list_del(&edge->at[GUARD_UP]);
	kfree(edge);
	guard_lower(holder, GUARD_DOWN);
	guard_lower(slave, GUARD_UP);
	guard_put_node(holder);
	if (slave != holder)
		guard_put_node(slave);
}

static bool guard_has_reason(struct guard_edge *edge)
{
	unsigned int i;

	for (i = 0; i < GUARD_REASONS; i++)
		if (edge->reasons[i])
			return true;
	return false;
}

/* The reasons of an edge have changed. */
static void guard_settle(struct guard_graph *graph, struct guard_edge *edge)
{
	edge->changes++;
	if (!guard_has_reason(edge))
		guard_del_edge(graph, edge);
}

static struct guard_node *guard_node_at(struct guard_graph *graph,
					const void *disk)
{
	struct guard_node *node;

	hash_for_each_possible(graph->nodes, node, bucket, (unsigned long)disk)
		if (node->id.disk == disk)
			return node;
	return NULL;
}

/*
 * Drop the edges that another disk has left at this address: its driver never
 * unlinked it, or its target never put a device.  The node goes with the last.
 */
static void guard_drop_stale(struct guard_graph *graph, const void *disk)
{
	struct guard_edge *edge;
	struct guard_node *node;

	while ((node = guard_node_at(graph, disk))) {
		edge = list_first_entry_or_null(&node->edges[GUARD_DOWN],
						struct guard_edge,
						at[GUARD_DOWN]);
		if (!edge)
			edge = list_first_entry(&node->edges[GUARD_UP],
						struct guard_edge, at[GUARD_UP]);
		guard_del_edge(graph, edge);
	}
}

static struct guard_node *guard_find_node(struct guard_graph *graph,
					  const struct guard_id *id)
{
	struct guard_node *node = guard_node_at(graph, id->disk);
	/* Another medium changes @seq, and a mapped device has none to change. */
	bool same = node && node->id.dev == id->dev &&
		(node->id.seq == id->seq || !id->slots);

	if (!node || (!same && !id->held))
		return NULL;
	/* The disk that is held is the one that is there. */
	if (!same) {
		guard_drop_stale(graph, id->disk);
		return NULL;
	}
	if (id->held)
		node->id.seq = id->seq;
	return node;
}

/*
 * Both disks of a pair, or NULL for those without edges.  To find the slave can
 * drop stale edges, and with them the node of the holder, which is found again.
 */
static void guard_find_nodes(struct guard_graph *graph,
			     const struct guard_pair *pair,
			     struct guard_node **holder,
			     struct guard_node **slave)
{
	guard_find_node(graph, &pair->holder);
	*slave = guard_find_node(graph, &pair->slave);
	*holder = guard_find_node(graph, &pair->holder);
}

/* Is there another disk by now where this one was? */
static bool guard_is_replaced(struct guard_graph *graph,
			      const struct guard_id *id)
{
	return !id->held && guard_node_at(graph, id->disk) &&
		!guard_find_node(graph, id);
}

static struct guard_node *guard_add_node(struct guard_graph *graph,
					 const struct guard_id *id,
					 struct guard_spare *spare)
{
	unsigned int i = spare->nodes[0] ? 0 : 1;
	struct guard_node *node = spare->nodes[i];

	spare->nodes[i] = NULL;
	node->id = *id;
	strscpy(node->name, id->name, sizeof(node->name));
	node->id.name = node->name;
	INIT_LIST_HEAD(&node->edges[GUARD_DOWN]);
	INIT_LIST_HEAD(&node->edges[GUARD_UP]);
	INIT_LIST_HEAD(&node->queue);
	hash_add(graph->nodes, &node->bucket, (unsigned long)id->disk);
	return node;
}

/* As many steps as the kernel itself takes to find the pair. */
static struct guard_edge *guard_find_edge(struct guard_graph *graph,
					  const struct guard_pair *pair)
{
	struct guard_node *holder, *slave;
	struct guard_edge *edge;

	guard_find_nodes(graph, pair, &holder, &slave);
	if (!holder || !slave)
		return NULL;
	list_for_each_entry(edge, &holder->edges[GUARD_DOWN], at[GUARD_DOWN])
		if (edge->dev == pair->dev && edge->end[GUARD_DOWN] == slave)
			return edge;
	return NULL;
}

/* Questions. */

static bool guard_is_linked(struct guard_edge *edge)
{
	return edge->reasons[GUARD_LINKED] || edge->reasons[GUARD_FOUND];
}

/* Is this edge known to be of its holder's live table, or of md and the like? */
static bool guard_is_live(struct guard_edge *edge)
{
	struct guard_node *holder = edge->end[GUARD_UP];

	if (!holder->id.slots)
		return guard_is_linked(edge);
	return edge->table && edge->table == holder->table;
}

/*
 * Is it known to be of no live table?  What is not linked yet is not live.  Nor
 * is what was added after its holder's live table was: only the inactive one can
 * have opened it.
 */
static bool guard_is_idle(struct guard_edge *edge)
{
	struct guard_node *holder = edge->end[GUARD_UP];

	if (guard_is_live(edge))
		return false;
	return (holder->table && holder->table != guard_unguarded &&
		edge->born > holder->since) || !guard_is_linked(edge);
}

static bool guard_counts(struct guard_edge *edge, enum guard_edges edges)
{
	switch (edges) {
	case GUARD_LIVE:
		return guard_is_live(edge);
	case GUARD_PERHAPS_LIVE:
		return !guard_is_idle(edge);
	default:
		return true;
	}
}

/*
 * Is there a way down from one disk to another?  Then its nodes lead back by
 * @via.  What is no deeper than the other cannot be stacked on it.
 */
static bool guard_reaches(struct guard_graph *graph, struct guard_node *from,
			  struct guard_node *to, enum guard_edges edges)
{
	struct guard_node *node, *tmp;
	struct guard_edge *edge;
	bool found = false;
	LIST_HEAD(queue);

	graph->round++;
	from->round = graph->round;
	from->via = NULL;
	list_add_tail(&from->queue, &queue);
	while (!found && !list_empty(&queue)) {
		node = list_first_entry(&queue, struct guard_node, queue);
		list_del_init(&node->queue);
		list_for_each_entry(edge, &node->edges[GUARD_DOWN],
				    at[GUARD_DOWN]) {
			struct guard_node *next = edge->end[GUARD_DOWN];

			if (!guard_counts(edge, edges))
				continue;
			/* The rule: what leads down to the holder closes a loop. */
			if (next == to) {
				to->via = node;
				found = true;
				break;
			}
			if (next->round == graph->round ||
			    (next->depth[GUARD_DOWN] <= to->depth[GUARD_DOWN] &&
			     next->depth[GUARD_DOWN] < GUARD_FAR))
				continue;
			next->round = graph->round;
			next->via = node;
			list_add_tail(&next->queue, &queue);
		}
	}
	list_for_each_entry_safe(node, tmp, &queue, queue)
		list_del_init(&node->queue);
	return found;
}

static void guard_put_id(struct guard_path *path, const struct guard_id *id)
{
	if (!path || path->len == GUARD_PATH_MAX)
		return;
	path->at[path->len].dev = id->dev;
	strscpy(path->at[path->len].name, id->name,
		sizeof(path->at[path->len].name));
	path->len++;
}

/* From @holder to @slave, and on the way that was found, back to @holder. */
static void guard_put_loop(struct guard_path *path, const struct guard_pair *pair,
			   struct guard_node *holder)
{
	struct guard_node *node;
	unsigned int len = 0, i;

	if (!path)
		return;
	path->len = 0;
	guard_put_id(path, &pair->holder);
	for (node = holder ? holder->via : NULL; node; node = node->via)
		len++;
	while (len && path->len < GUARD_PATH_MAX) {
		node = holder->via;
		for (i = 1; i < len; i++)
			node = node->via;
		guard_put_id(path, &node->id);
		len--;
	}
	guard_put_id(path, &pair->holder);
}

static struct guard_node *guard_furthest(struct guard_node *node,
					 enum guard_way way)
{
	struct guard_node *next = NULL;
	struct guard_edge *edge;

	list_for_each_entry(edge, &node->edges[way], at[way])
		if (!next || edge->end[way]->depth[way] > next->depth[way])
			next = edge->end[way];
	return next;
}

/* What is @above @holder, both, and all that is below @slave. */
static void guard_put_stack(struct guard_path *path, const struct guard_pair *pair,
			    struct guard_node *holder, struct guard_node *slave,
			    unsigned int above)
{
	struct guard_node *node;
	unsigned int i;

	if (!path)
		return;
	path->len = 0;
	above = min(above, (unsigned int)GUARD_PATH_MAX - 2);
	for (; above; above--) {
		for (node = holder, i = 0; node && i < above; i++)
			node = guard_furthest(node, GUARD_UP);
		if (node)
			guard_put_id(path, &node->id);
	}
	guard_put_id(path, &pair->holder);
	guard_put_id(path, &pair->slave);
	for (node = slave; node && path->len < GUARD_PATH_MAX;) {
		node = guard_furthest(node, GUARD_DOWN);
		if (node)
			guard_put_id(path, &node->id);
	}
}

/* Both nodes can be NULL, for disks without edges. */
static enum guard_verdict guard_judge(struct guard_graph *graph,
				      const struct guard_pair *pair,
				      struct guard_node *holder,
				      struct guard_node *slave,
				      const struct guard_question *q)
{
	unsigned int above = holder ? holder->depth[GUARD_UP] : 0;
	unsigned int below = slave ? slave->depth[GUARD_DOWN] : 0;

	if (pair->holder.disk == pair->slave.disk) {
		if (!(q->asks & GUARD_ASK_SELF))
			return GUARD_FINE;
		guard_put_loop(q->path, pair, NULL);
		return GUARD_IS_SELF;
	}

	/* What is stacked on another has holders there, and is less deep. */
	if ((q->asks & GUARD_ASK_LOOP) && above && slave &&
	    (below > holder->depth[GUARD_DOWN] || below == GUARD_FAR) &&
	    guard_reaches(graph, slave, holder, q->edges)) {
		guard_put_loop(q->path, pair, holder);
		return GUARD_IS_LOOP;
	}

	if (!(q->asks & GUARD_ASK_DEPTH) || above + 1 + below <= q->max_depth)
		return GUARD_FINE;
	/*
	 * In a loop or below one there is no top, and what is below counts alone.
	 * (So it does below 255 devices, which only others can have stacked.)
	 */
	if (above == GUARD_FAR && below + 1 <= q->max_depth)
		return GUARD_FINE;
	guard_put_stack(q->path, pair, holder, slave, min(above, q->max_depth));
	return GUARD_IS_DEEP;
}

/**
 * guard_graph_judge() - ask about an edge that need not be there
 * @graph: where
 * @pair: the edge
 * @q: the question
 *
 * Context: may sleep, for as long as other walks take.
 * Return: GUARD_FINE, or what is wrong, with @q->path written.
 */
enum guard_verdict guard_graph_judge(struct guard_graph *graph,
				     const struct guard_pair *pair,
				     const struct guard_question *q)
{
	struct guard_node *holder, *slave;
	enum guard_verdict verdict;

	mutex_lock(&graph->lock);
	guard_find_nodes(graph, pair, &holder, &slave);
	verdict = guard_judge(graph, pair, holder, slave, q);
	mutex_unlock(&graph->lock);
	return verdict;
}

/**
 * guard_graph_has_loop() - is any device stacked on itself
 * @graph: where
 * @path: receives one that is
 *
 * Context: may sleep, for as long as other walks take.
 */
bool guard_graph_has_loop(struct guard_graph *graph, struct guard_path *path)
{
	struct guard_node *node;
	bool has = false;
	int i;

	mutex_lock(&graph->lock);
	hash_for_each(graph->nodes, i, node, bucket) {
		/* Devices between two loops are this deep both ways, too. */
		if (has || node->depth[GUARD_DOWN] < GUARD_FAR ||
		    node->depth[GUARD_UP] < GUARD_FAR ||
		    !guard_reaches(graph, node, node, GUARD_ANY))
			continue;
		path->len = 0;
		guard_put_id(path, &node->id);
		has = true;
	}
	mutex_unlock(&graph->lock);
	return has;
}

/* Changes. */

/*
 * Judge an edge, and add it or one more reason for it.  -EAGAIN: there is not
 * enough memory in @spare.
 */
static int guard_try_add(struct guard_graph *graph,
			 const struct guard_pair *pair,
			 enum guard_reason reason, const struct guard_question *q,
			 bool can_refuse, struct guard_spare *spare,
			 enum guard_verdict *verdict, struct guard_edge **found)
{
	struct guard_edge *edge = guard_find_edge(graph, pair);
	struct guard_node *holder, *slave;

	guard_find_nodes(graph, pair, &holder, &slave);
	*verdict = guard_judge(graph, pair, holder, slave, q);
	if (*verdict != GUARD_FINE && can_refuse)
		return 0;
	/* What was read of a disk that has gone since is of no use. */
	if (guard_is_replaced(graph, &pair->holder) ||
	    guard_is_replaced(graph, &pair->slave))
		return 0;

	if (!edge) {
		if (!spare->edge)
			return -EAGAIN;
		if (!holder)
			holder = guard_add_node(graph, &pair->holder, spare);
		/* Of a pair that is one disk, it is there by now. */
		slave = guard_node_at(graph, pair->slave.disk);
		if (!slave)
			slave = guard_add_node(graph, &pair->slave, spare);
		edge = guard_add_edge(graph, holder, slave, pair->dev, spare);
	}
	/* Earlier links that nobody has seen are not counted. */
	if (reason == GUARD_FOUND ||
	    (!graph->watched && reason == GUARD_PENDING)) {
		edge->reasons[GUARD_FOUND] = 1;
		/* Nor is known when, and so not by which table. */
		edge->born = 0;
	}
	if (reason != GUARD_FOUND)
		edge->reasons[reason]++;
	edge->changes++;
	*found = edge;
	return 0;
}

/**
 * guard_graph_add() - judge an edge, and add it in the same step
 * @graph: where
 * @pair: the edge
 * @reason: why it is to be there; once more, if it is there already
 * @q: what to ask about it
 * @can_refuse: add it only if nothing is wrong with it
 * @gfp: how memory is allocated, outside of the lock
 * @verdict: receives GUARD_FINE, or what is wrong, with @q->path written
 *
 * Of two edges that close a loop together, the second one is judged with the
 * first one there.
 *
 * Context: may sleep, for memory and for as long as other walks take.
 * Return: 0, or -ENOMEM, which leaves the graph as it was.
 */
int guard_graph_add(struct guard_graph *graph, const struct guard_pair *pair,
		    enum guard_reason reason, const struct guard_question *q,
		    bool can_refuse, gfp_t gfp, enum guard_verdict *verdict)
{
	struct guard_spare spare = {};
	struct guard_edge *edge;
	int r;

	mutex_lock(&graph->lock);
	r = guard_try_add(graph, pair, reason, q, can_refuse, &spare, verdict, &edge);
	mutex_unlock(&graph->lock);
	if (r != -EAGAIN)
		return r;

	r = guard_fill_spare(&spare, false, gfp);
	if (!r) {
		mutex_lock(&graph->lock);
		r = guard_try_add(graph, pair, reason, q, can_refuse, &spare, verdict,
				  &edge);
		mutex_unlock(&graph->lock);
	}
	guard_free_spare(&spare);
	return r;
}

/**
 * guard_graph_linked() - settle an edge that was GUARD_PENDING
 * @graph: where
 * @pair: the edge
 * @linked: the kernel has linked the two
 */
void guard_graph_linked(struct guard_graph *graph,
			const struct guard_pair *pair, bool linked)
{
	struct guard_edge *edge;

	mutex_lock(&graph->lock);
	edge = guard_find_edge(graph, pair);
	if (edge) {
		if (edge->reasons[GUARD_PENDING])
			edge->reasons[GUARD_PENDING]--;
		if (linked) {
			edge->reasons[GUARD_LINKED]++;
			guard_drop_promises(graph, edge);
		}
		guard_settle(graph, edge);
	}
	mutex_unlock(&graph->lock);
}

/**
 * guard_graph_unlinked() - count a link that the kernel has taken back
 * @graph: where
 * @pair: the edge; need not be known
 */
void guard_graph_unlinked(struct guard_graph *graph,
			  const struct guard_pair *pair)
{
	struct guard_edge *edge;

	mutex_lock(&graph->lock);
	edge = guard_find_edge(graph, pair);
	if (edge) {
		if (edge->reasons[GUARD_LINKED])
			edge->reasons[GUARD_LINKED]--;
		guard_settle(graph, edge);
	}
	mutex_unlock(&graph->lock);
}

/**
 * guard_graph_doubts() - does only the kernel know if a pair is still linked
 * @graph: where
 * @pair: the edge
 * @changes: receives what guard_graph_gone() wants
 *
 * Return: true if it was GUARD_FOUND, and no link that was counted is left.
 */
bool guard_graph_doubts(struct guard_graph *graph,
			const struct guard_pair *pair, unsigned int *changes)
{
	struct guard_edge *edge;
	bool doubts = false;

	mutex_lock(&graph->lock);
	edge = guard_find_edge(graph, pair);
	if (edge) {
		*changes = edge->changes;
		doubts = edge->reasons[GUARD_FOUND] &&
			!edge->reasons[GUARD_LINKED] &&
			!edge->reasons[GUARD_PENDING];
	}
	mutex_unlock(&graph->lock);
	return doubts;
}

/**
 * guard_graph_gone() - a pair was looked up, and is not linked any more
 * @graph: where
 * @pair: the edge
 * @changes: from guard_graph_doubts(), before the look-up
 *
 * Return: false if the edge has changed since, and it is to be asked again.
 */
bool guard_graph_gone(struct guard_graph *graph, const struct guard_pair *pair,
		      unsigned int changes)
{
	struct guard_edge *edge;
	bool same = true;

	mutex_lock(&graph->lock);
	edge = guard_find_edge(graph, pair);
	if (edge) {
		same = edge->changes == changes;
		if (same) {
			edge->reasons[GUARD_FOUND] = 0;
			guard_settle(graph, edge);
		}
	}
	mutex_unlock(&graph->lock);
	return same;
}

/**
 * guard_graph_watch() - say that links are complete, until guard_graph_forget()
 * @graph: which
 *
 * From now on all pairs that are linked are in it; what is linked anew was not
 * linked before.
 */
void guard_graph_watch(struct guard_graph *graph)
{
	mutex_lock(&graph->lock);
	graph->watched = true;
	mutex_unlock(&graph->lock);
}

/* An edge of this bucket that nothing is a reason for. */
static struct guard_edge *guard_bare_edge(struct guard_graph *graph, int bucket)
{
	struct guard_edge *edge;
	struct guard_node *node;

	hlist_for_each_entry(node, &graph->nodes[bucket], bucket)
		list_for_each_entry(edge, &node->edges[GUARD_DOWN],
				    at[GUARD_DOWN])
			if (!guard_has_reason(edge))
				return edge;
	return NULL;
}

/* Drop all reasons but this one, or all. */
static void guard_drop_reasons(struct guard_graph *graph, int but)
{
	struct guard_promise *promise;
	struct guard_edge *edge;
	struct guard_node *node;
	struct hlist_node *tmp;
	int i, reason;

	hash_for_each_safe(graph->promises, i, tmp, promise, bucket)
		guard_del_promise(graph, promise);

	hash_for_each(graph->nodes, i, node, bucket) {
		list_for_each_entry(edge, &node->edges[GUARD_DOWN],
				    at[GUARD_DOWN]) {
			for (reason = 0; reason < GUARD_REASONS; reason++)
				if (reason != but)
					edge->reasons[reason] = 0;
			edge->changes++;
		}
	}
	for (i = 0; i < HASH_SIZE(graph->nodes); i++)
		while ((edge = guard_bare_edge(graph, i)))
			guard_del_edge(graph, edge);
}

/**
 * guard_graph_forget() - drop all but the edges of guarded tables
 * @graph: which
 *
 * What is linked is no longer known.
 */
void guard_graph_forget(struct guard_graph *graph)
{
	mutex_lock(&graph->lock);
	graph->watched = false;
	guard_drop_reasons(graph, GUARD_OWN);
	mutex_unlock(&graph->lock);
}

/**
 * guard_graph_clear() - drop everything
 * @graph: which
 */
void guard_graph_clear(struct guard_graph *graph)
{
	mutex_lock(&graph->lock);
	guard_drop_reasons(graph, -1);
	mutex_unlock(&graph->lock);
	mutex_destroy(&graph->lock);
}

/**
 * guard_graph_init() - make a graph without edges
 * @graph: which; all zeroes but for this
 */
void guard_graph_init(struct guard_graph *graph)
{
	mutex_init(&graph->lock);
	hash_init(graph->promises);
	hash_init(graph->nodes);
}

/* Promises. */

static unsigned long guard_promise_key(const void *table, const void *dm_dev)
{
	return (unsigned long)table ^ (unsigned long)dm_dev;
}

static struct guard_promise *guard_find_promise(struct guard_graph *graph,
						const void *table,
						const void *dm_dev)
{
	struct guard_promise *promise;

	hash_for_each_possible(graph->promises, promise, bucket,
			       guard_promise_key(table, dm_dev))
		if (promise->table == table && promise->dm_dev == dm_dev)
			return promise;
	return NULL;
}

static int guard_try_promise(struct guard_graph *graph,
			     const struct guard_pair *pair, const void *table,
			     const void *dm_dev, const struct guard_question *q,
			     struct guard_spare *spare,
			     enum guard_verdict *verdict)
{
	struct guard_edge *edge = guard_find_edge(graph, pair);
	struct guard_promise *promise;
	struct guard_edge *stale;
	int r;

	*verdict = GUARD_FINE;
	if (edge && guard_is_linked(edge))
		return 0;

	promise = guard_find_promise(graph, table, dm_dev);
	if (promise && promise->edge == edge) {
		promise->count++;
		return 0;
	}
	if (!spare->promise)
		return -EAGAIN;
	if (promise) {
		/* Of a target that never put the device, nor will. */
		stale = promise->edge;
		guard_del_promise(graph, promise);
		guard_settle(graph, stale);
	}

	r = guard_try_add(graph, pair, GUARD_PROMISED, q, true, spare, verdict,
			  &edge);
	if (r || *verdict != GUARD_FINE)
		return r;
	promise = spare->promise;
	spare->promise = NULL;
	promise->table = table;
	promise->dm_dev = dm_dev;
	promise->count = 1;
	promise->edge = edge;
	hash_add(graph->promises, &promise->bucket,
		 guard_promise_key(table, dm_dev));
	graph->promised++;
	return 0;
}

/**
 * guard_graph_promise() - judge and add what a first table will be linked to
 * @graph: where
 * @pair: the edge
 * @table: address of the table
 * @dm_dev: address of what device-mapper core holds the device by
 * @q: what to ask about the edge; it is added only if nothing is wrong
 * @gfp: how memory is allocated, outside of the lock
 * @verdict: receives GUARD_FINE, or what is wrong, with @q->path written
 *
 * Does nothing if the two are linked.
 *
 * Context: as guard_graph_add().
 * Return: 0, or -ENOMEM, which leaves the graph as it was.
 */
int guard_graph_promise(struct guard_graph *graph,
			const struct guard_pair *pair, const void *table,
			const void *dm_dev, const struct guard_question *q,
			gfp_t gfp, enum guard_verdict *verdict)
{
	struct guard_spare spare = {};
	int r;

	mutex_lock(&graph->lock);
	r = guard_try_promise(graph, pair, table, dm_dev, q, &spare, verdict);
	mutex_unlock(&graph->lock);
	if (r != -EAGAIN)
		return r;

	r = guard_fill_spare(&spare, true, gfp);
	if (!r) {
		mutex_lock(&graph->lock);
		r = guard_try_promise(graph, pair, table, dm_dev, q, &spare,
				      verdict);
		mutex_unlock(&graph->lock);
	}
	guard_free_spare(&spare);
	return r;
}

/**
 * guard_graph_withdraw() - a table has put a device that it had opened
 * @graph: where
 * @table: address of the table
 * @dm_dev: address of what core held the device by, and may have freed
 */
void guard_graph_withdraw(struct guard_graph *graph, const void *table,
			  const void *dm_dev)
{
	struct guard_promise *promise;
	struct guard_edge *edge;

	/* What this table has promised, nobody else withdraws. */
	if (!READ_ONCE(graph->promised))
		return;

	mutex_lock(&graph->lock);
	promise = guard_find_promise(graph, table, dm_dev);
	if (promise && !--promise->count) {
		edge = promise->edge;
		guard_del_promise(graph, promise);
		guard_settle(graph, edge);
	}
	mutex_unlock(&graph->lock);
}

/* Live tables. */

/**
 * guard_graph_resume() - judge a guarded table that is about to be resumed
 * @graph: where
 * @pair: an edge of the table
 * @table: address of the table, which is the only one in its device's live slot
 * @q: what to ask about the edge
 *
 * The edge is known to be live if nothing is wrong, from here until
 * guard_graph_suspend(): of two resumes that close a loop together, the second
 * one is judged with the first one live.
 *
 * Context: may sleep, for as long as other walks take; allocates nothing.
 * Return: GUARD_FINE, or what is wrong, with @q->path written.
 */
enum guard_verdict guard_graph_resume(struct guard_graph *graph,
				      const struct guard_pair *pair,
				      const void *table,
				      const struct guard_question *q)
{
	struct guard_node *holder, *slave;
	enum guard_verdict verdict;
	struct guard_edge *edge;

	mutex_lock(&graph->lock);
	edge = guard_find_edge(graph, pair);
	guard_find_nodes(graph, pair, &holder, &slave);
	verdict = guard_judge(graph, pair, holder, slave, q);
	if (edge) {
		if (holder->table != table)
			holder->since = graph->time;
		holder->table = table;
		edge->table = verdict == GUARD_FINE ? table : NULL;
	}
	mutex_unlock(&graph->lock);
	return verdict;
}

/**
 * guard_graph_not_resumed() - a guarded table was refused, and stays suspended
 * @graph: where
 * @pair: an edge of the table
 * @table: address of the table
 *
 * So do those of its edges that were judged before, and found to be fine.
 */
void guard_graph_not_resumed(struct guard_graph *graph,
			     const struct guard_pair *pair, const void *table)
{
	struct guard_edge *edge, *other;

	mutex_lock(&graph->lock);
	edge = guard_find_edge(graph, pair);
	if (edge)
		list_for_each_entry(other, &edge->end[GUARD_UP]->edges[GUARD_DOWN],
				    at[GUARD_DOWN])
			if (other->table == table)
				other->table = NULL;
	mutex_unlock(&graph->lock);
}

/**
 * guard_graph_suspending() - a guarded table is about to be suspended
 * @graph: where
 * @pair: an edge of the table
 * @table: address of the table
 *
 * What is to replace it was taken out of the inactive slot before this, and what
 * is opened from now on can be the next inactive table's.  (A load that opened its
 * devices before this, and ends after it, is the exception: its edges count as live,
 * so that a resume can be refused for a table that is inactive.)
 */
void guard_graph_suspending(struct guard_graph *graph,
			    const struct guard_pair *pair, const void *table)
{
	struct guard_edge *edge;

	mutex_lock(&graph->lock);
	edge = guard_find_edge(graph, pair);
	if (edge && edge->end[GUARD_UP]->table == table)
		edge->end[GUARD_UP]->until = graph->time;
	mutex_unlock(&graph->lock);
}

/**
 * guard_graph_suspend() - a guarded table has been suspended
 * @graph: where
 * @pair: an edge of the table
 * @table: address of the table
 */
void guard_graph_suspend(struct guard_graph *graph,
			 const struct guard_pair *pair, const void *table)
{
	struct guard_edge *edge;

	mutex_lock(&graph->lock);
	edge = guard_find_edge(graph, pair);
	if (edge && edge->table == table)
		edge->table = NULL;
	mutex_unlock(&graph->lock);
}

/**
 * guard_graph_close() - a guarded table lets go of a device
 * @graph: where
 * @pair: an edge of the table, added as GUARD_OWN
 * @table: address of the table
 *
 * If it is in the live slot, no other guarded table was put there, so that one
 * of another target was.  What is linked by now, and was opened before the
 * suspension began, counts as that one's, and as live.  What was opened later can
 * be the next inactive table's.  (Or the device is being removed, and everything
 * goes.)
 */
void guard_graph_close(struct guard_graph *graph,
		       const struct guard_pair *pair, const void *table)
{
	struct guard_edge *edge, *other;
	struct guard_node *holder;

	mutex_lock(&graph->lock);
	edge = guard_find_edge(graph, pair);
	if (edge) {
		holder = edge->end[GUARD_UP];
		if (holder->table == table) {
			holder->table = guard_unguarded;
			list_for_each_entry(other, &holder->edges[GUARD_DOWN],
					    at[GUARD_DOWN])
				if (guard_is_linked(other) &&
				    other->born <= holder->until)
					other->table = guard_unguarded;
		}
		if (edge->table == table)
			edge->table = NULL;
		if (edge->reasons[GUARD_OWN])
			edge->reasons[GUARD_OWN]--;
		guard_settle(graph, edge);
	}
	mutex_unlock(&graph->lock);
}

/**
 * guard_graph_show() - list the edges, one a line
 * @graph: which
 * @file: receives "HOLDER SLAVE links=N found=N guarded=N promised=N pending=N
 *	  below=N above=N", devices by number, depths the holder's
 *
 * Context: may sleep; the file's buffer is memory that is there already.
 */
void guard_graph_show(struct guard_graph *graph, struct seq_file *file)
{
	struct guard_edge *edge;
	struct guard_node *node;
	int i;

	mutex_lock(&graph->lock);
	hash_for_each(graph->nodes, i, node, bucket)
		list_for_each_entry(edge, &node->edges[GUARD_DOWN],
				    at[GUARD_DOWN])
			seq_printf(file, "%u:%u %u:%u links=%u found=%u guarded=%u promised=%u pending=%u below=%u above=%u\n",
				   MAJOR(node->id.dev), MINOR(node->id.dev),
				   MAJOR(edge->dev), MINOR(edge->dev),
				   edge->reasons[GUARD_LINKED],
				   edge->reasons[GUARD_FOUND],
				   edge->reasons[GUARD_OWN],
				   edge->reasons[GUARD_PROMISED],
				   edge->reasons[GUARD_PENDING],
				   node->depth[GUARD_DOWN],
				   node->depth[GUARD_UP]);
	mutex_unlock(&graph->lock);
}
