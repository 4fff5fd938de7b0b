/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The module's part: each inline has the name of the function that it stands for.
 *
 * The graph's mutex is a leaf, under which nothing is waited for.  So what a function
 * does under it is one step here, a d_step.
 */

/* guard/graph.c */

/*
 * Reasons are counted.  Of the graph's time only comparisons are kept: an edge is
 * @young from when it is added until its holder's "since" is set, and @late until
 * "until" is.
 */
typedef guard_edge {
	unsigned pending : 2;
	unsigned linked : 2;
	unsigned found : 1;
	unsigned own : 3;
	unsigned promised : 3;
#ifdef LIVE
	unsigned table : 4;
	unsigned young : 1;
	unsigned late : 1;
#endif
#ifdef SEED
	/* Who has seen it in guard_graph_doubts(), and no change since. */
	byte unchanged
#endif
};

guard_edge edges[N * N];
#define edge(h, s)	edges[(h) * N + (s)]

#define guard_has_reason(h, s)						\
	(edge(h, s).pending || edge(h, s).linked || edge(h, s).found ||	\
	 edge(h, s).own || edge(h, s).promised)
#define guard_is_linked(h, s)	(edge(h, s).linked || edge(h, s).found)

#ifdef SEED
bool watched;
#define note_change(h, s)	edge(h, s).unchanged = 0
#else
#define watched			true
#define note_change(h, s)	skip
#endif

#ifdef LIVE
/* node->table: the table in a disk's live slot, if that is known. */
byte node_table[N];
#define guard_unguarded	15

#define guard_is_live(h, s)						\
	(is_mapped(h) ->						\
	 edge(h, s).table && edge(h, s).table == node_table[h] :	\
	 guard_is_linked(h, s))
#ifndef WITHOUT_SINCE
#define is_young(h, s)						\
	(node_table[h] && node_table[h] != guard_unguarded && edge(h, s).young)
#else
#define is_young(h, s)	false
#endif
#define guard_is_idle(h, s)						\
	(!guard_is_live(h, s) && (is_young(h, s) || !guard_is_linked(h, s)))

inline guard_put_node(h)
{
	n_ = 0;
	for (t_ : 0 .. N - 1) {
		n_ = n_ + (guard_has_reason(h, t_) || guard_has_reason(t_, h))
	}
	when (!n_, node_table[h] = 0)
}

inline guard_del_edge(h, s)
{
	edge(h, s).table = 0;
	edge(h, s).young = 0;
	edge(h, s).late = 0;
	guard_put_node(h);
	guard_put_node(s)
}

#define guard_add_edge(h, s)						\
	edge(h, s).young = edge(h, s).young || !guard_has_reason(h, s);	\
	edge(h, s).late = edge(h, s).late || !guard_has_reason(h, s)
/* Nobody knows when it was added. */
#define make_old(h, s)	edge(h, s).young = 0; edge(h, s).late = 0
#else
#define guard_del_edge(h, s)	skip
#define guard_add_edge(h, s)	skip
#define make_old(h, s)	skip
#endif

inline guard_settle(h, s)
{
	note_change(h, s);
	when (!guard_has_reason(h, s),
		assert(!WATCHES_LINKS || !watching || !refcnt(h, s));
		guard_del_edge(h, s))
}

/* Judged and added in one step, or in two. */
#ifndef WITHOUT_LOCK
#define and_then
#else
#define and_then	skip }; d_step {
#endif

/*
 * @t: for GUARD_OWN and GUARD_PROMISED, the table
 * @asks: is the stage one at which something is asked
 * @can_refuse: can it be refused
 * @r: receives FINE or REFUSED
 */
inline guard_graph_add(t, h, s, reason, asks, can_refuse, r)
{
	d_step {
		reaches(bit_of(s), h, guard_has_reason(h_, s_));
		/* guard_try_promise(): linked already, and so not judged */
		loop_ = loop_ && !(reason == GUARD_PROMISED && guard_is_linked(h, s));
		r = ((asks) && (can_refuse) && loop_ -> REFUSED : FINE);
		printf("task %d: guard_graph_add(dm-%d on %d, %e): %e\n", me, h, s,
		       reason, r);
		and_then
		if
		:: reason == GUARD_PROMISED && guard_is_linked(h, s)
		:: !(reason == GUARD_PROMISED && guard_is_linked(h, s)) && r == FINE ->
			guard_add_edge(h, s);
			note_change(h, s);
			if
			:: reason == GUARD_OWN ->
				edge(h, s).own++;
				tables[t].own = tables[t].own | bit_of(s)
			:: reason == GUARD_PROMISED ->
				edge(h, s).promised++;
				tables[t].promised = tables[t].promised | bit_of(s)
			:: reason == GUARD_PENDING -> edge(h, s).pending++
			:: reason == GUARD_FOUND
			fi;
			/* Earlier links that nobody has seen are not counted. */
			when (reason == GUARD_FOUND || (reason == GUARD_PENDING && !watched),
				edge(h, s).found = 1;
				make_old(h, s))
		:: else
		fi
	}
}

inline guard_graph_linked(h, s, is_linked)
{
	d_step {
		printf("task %d: guard_graph_linked(dm-%d on %d, %d)\n", me, h, s, is_linked);
		edge(h, s).pending--;
		when (is_linked,
			edge(h, s).linked++;
			/* guard_drop_promises() */
			edge(h, s).promised = 0;
			for (t_ : 1 .. TABLES) {
				if
				:: tables[t_].dev == h ->
					tables[t_].promised = tables[t_].promised & ~bit_of(s)
				:: else
				fi
			});
		guard_settle(h, s)
	}
}

inline guard_graph_unlinked(h, s)
{
	d_step {
		printf("task %d: guard_graph_unlinked(dm-%d on %d)\n", me, h, s);
		edge(h, s).linked = edge(h, s).linked - (edge(h, s).linked > 0);
		guard_settle(h, s)
	}
}

inline guard_graph_withdraw(t, h, s)
{
	d_step {
		when (has(tables[t].promised, s),
			printf("task %d: guard_graph_withdraw(dm-%d on %d)\n", me, h, s);
			tables[t].promised = tables[t].promised & ~bit_of(s);
			edge(h, s).promised--;
			guard_settle(h, s))
	}
}

inline guard_graph_close(t, h, s)
{
	d_step {
		printf("task %d: guard_graph_close(dm-%d on %d, table %d)\n", me, h, s, t);
#ifdef LIVE
		when (node_table[h] == t,
			node_table[h] = guard_unguarded;
			for (s_ : 0 .. N - 1) {
				if
				:: guard_is_linked(h, s_) && !edge(h, s_).late ->
					edge(h, s_).table = guard_unguarded
				:: else
				fi
			});
		edge(h, s).table = (edge(h, s).table == t -> 0 : edge(h, s).table);
#endif
		edge(h, s).own--;
		tables[t].own = tables[t].own & ~bit_of(s);
		guard_settle(h, s)
	}
}

#ifdef LIVE
inline guard_graph_resume(t, h, s, r)
{
	d_step {
		if
		:: tables[t].was_live ->
			reaches(bit_of(s), h, guard_has_reason(h_, s_) && guard_is_live(h_, s_))
		:: else ->
			reaches(bit_of(s), h, guard_has_reason(h_, s_) && !guard_is_idle(h_, s_))
		fi;
		r = (loop_ -> REFUSED : FINE);
		printf("task %d: guard_graph_resume(dm-%d on %d, table %d): %e\n", me, h, s,
		       t, r);
		resume_is_right(t, h, s, r);
		when (node_table[h] != t,
			node_table[h] = t;
			for (s_ : 0 .. N - 1) {
				edge(h, s_).young = 0
			});
		edge(h, s).table = (r == FINE -> t : 0);
		resumes(t, s, r)
	}
}

inline guard_graph_not_resumed(t, h)
{
	d_step {
		printf("task %d: guard_graph_not_resumed(dm-%d, table %d)\n", me, h, t);
		for (s_ : 0 .. N - 1) {
			edge(h, s_).table = (edge(h, s_).table == t -> 0 : edge(h, s_).table)
		};
		tables[t].resumed = 0
	}
}

inline guard_graph_suspending(t, h)
{
	d_step {
		printf("task %d: guard_graph_suspending(dm-%d, table %d)\n", me, h, t);
		when (node_table[h] == t,
			for (s_ : 0 .. N - 1) {
				edge(h, s_).late = 0
			})
	}
}

inline guard_graph_suspend(t, h, s)
{
	d_step {
		printf("task %d: guard_graph_suspend(dm-%d on %d, table %d)\n", me, h, s, t);
		edge(h, s).table = (edge(h, s).table == t -> 0 : edge(h, s).table);
		tables[t].resumed = tables[t].resumed & ~bit_of(s)
	}
}

/* Asked once more for the path, what holds then is the answer. */
inline guard_check_resume(t, h, s, r)
{
	guard_graph_resume(t, h, s, r);
	when (r == REFUSED, guard_graph_resume(t, h, s, r));
	when (r == REFUSED, guard_graph_not_resumed(t, h))
}
#endif

/* guard/read.c, for a graph of all links */

#define guard_has_link(h, s)	(slaves_links & pair_bit(h, s))

#ifdef SEED
/* Only the kernel knows if the two are still linked: ask it. */
inline guard_read_doubt(h, s)
{
	do
	:: d_step {	/* guard_graph_doubts() */
		edge(h, s).unchanged = edge(h, s).unchanged | bit_of(me);
		doubts = edge(h, s).found && !edge(h, s).linked && !edge(h, s).pending
	   };
	   if
#ifndef WITHOUT_LOOK
	   :: doubts && !guard_has_link(h, s) ->
#else
	   :: doubts ->
#endif
		d_step {	/* guard_graph_gone() */
			printf("task %d: guard_graph_gone(dm-%d on %d)\n", me, h, s);
			doubts = false;
			if
			:: !guard_has_reason(h, s)
#ifndef WITHOUT_CHANGES
			:: guard_has_reason(h, s) && !has(edge(h, s).unchanged, me) ->
				doubts = true
			:: guard_has_reason(h, s) && has(edge(h, s).unchanged, me) ->
#else
			:: guard_has_reason(h, s) ->
#endif
				edge(h, s).found = 0;
				guard_settle(h, s)
			fi
		};
		when (!doubts, break)
	   :: else -> break
	   fi
	od
}

/* A disk that has no slaves when it is seen need not be looked at. */
inline guard_read_all()
{
	for (i : 0 .. N * N - 1) {
		if
		:: guard_has_link(i / N, i % N) ->
			guard_graph_add(0, i / N, i % N, GUARD_FOUND, false, false, r);
#ifndef WITHOUT_SECOND_LOOK
			guard_read_doubt(i / N, i % N)
#endif
		:: else
		fi
	}
}
#define guard_read_unlinked(h, s)	guard_read_doubt(h, s)
#else
#define guard_read_unlinked(h, s)	skip
#endif

/* guard/check.c: guard_calls */

#ifdef SEED
byte readers[TASKS];
byte awaited;

#define srcu_read_lock()	readers[me]++
#define srcu_read_unlock()						\
	readers[me]--;							\
	awaited = (readers[me] -> awaited : awaited & ~bit_of(me))
inline synchronize_srcu()
{
	d_step {
		awaited = 0;
		for (t_ : 0 .. TASKS - 1) {
			awaited = awaited | ((readers[t_] > 0) << t_)
		}
	};
	!awaited
}
#else
#define srcu_read_lock()	skip
#define srcu_read_unlock()	skip
#endif

/*
 * block/holder.c
 *
 * Each is done under blk_holder_mutex.  But "slaves" of the holder changes before
 * "holders" of the slave, and who reads sysfs can tell.  Linking can fail.  What is not
 * linked can be unlinked, which only warns: md looks at no answer.
 */

#ifdef READS_SYSFS
inline bd_link_disk_holder(h, s, r)
{
	atomic {
		!blk_holder_mutex;
		if
		:: md[s].added -> r = FINE
		:: LINKS_FAIL || !md[s].added -> r = FAILED
		fi;
		d_step {
			printf("task %d: bd_link_disk_holder(dm-%d on %d): %e\n", me, h, s, r);
			if
			:: r == FINE && !refcnt(h, s) ->
				blk_holder_mutex = me + 1;
				slaves_links = slaves_links | pair_bit(h, s)
			:: r == FINE && refcnt(h, s) -> mark_theirs(h, s); refcnt(h, s)++
			:: else
			fi
		}
	};
	atomic {
		if
		:: blk_holder_mutex == me + 1 ->
			blk_holder_mutex = 0;
			if
			:: md[s].added ->
				holders_links = holders_links | pair_bit(h, s);
				d_step { mark_theirs(h, s); refcnt(h, s)++ }
			:: LINKS_FAIL || !md[s].added ->
				slaves_links = slaves_links & ~pair_bit(h, s);
				r = FAILED
			fi
		:: else
		fi
	}
}

inline bd_unlink_disk_holder(h, s)
{
	atomic {
		!blk_holder_mutex;
		d_step {
			printf("task %d: bd_unlink_disk_holder(dm-%d on %d)\n", me, h, s);
			refcnt(h, s) = refcnt(h, s) - (refcnt(h, s) > 0);
			unmark_theirs(h, s);
			when (!refcnt(h, s),
				blk_holder_mutex = me + 1;
				slaves_links = slaves_links & ~pair_bit(h, s))
		}
	};
	atomic {
		when (blk_holder_mutex == me + 1,
			blk_holder_mutex = 0;
			holders_links = holders_links & ~pair_bit(h, s))
	}
}
#else
inline bd_link_disk_holder(h, s, r)
{
	atomic {
		if
		:: md[s].added -> r = FINE
		:: LINKS_FAIL || !md[s].added -> r = FAILED
		fi;
		d_step {
			printf("task %d: bd_link_disk_holder(dm-%d on %d): %e\n", me, h, s, r);
			when (r == FINE, mark_theirs(h, s); refcnt(h, s)++)
		}
	}
}

inline bd_unlink_disk_holder(h, s)
{
	d_step {
		printf("task %d: bd_unlink_disk_holder(dm-%d on %d)\n", me, h, s);
		refcnt(h, s) = refcnt(h, s) - (refcnt(h, s) > 0);
		unmark_theirs(h, s)
	}
}
#endif

/* md looks at no answer, so that nothing it links is refused. */
inline guard_check_link(h, s, r)
{
	guard_graph_add(0, h, s, GUARD_PENDING, asks, is_mapped(h), r);
	when (r == FINE,
		bd_link_disk_holder(h, s, r);
		guard_graph_linked(h, s, r == FINE);
		when (r == FAILED, guard_read_unlinked(h, s)))
}

inline guard_check_unlink(h, s)
{
#ifndef WITHOUT_UNLINK_FIRST
	bd_unlink_disk_holder(h, s);
	guard_graph_unlinked(h, s);
#else
	guard_graph_unlinked(h, s);
	bd_unlink_disk_holder(h, s);
#endif
	guard_read_unlinked(h, s)
}

#ifdef READS_SYSFS
/* From 6.1 on, a first load adds the disk, links it, and then adds "dm" to it. */
#define guard_is_being_linked(d)	(md[d].added && !md[d].set_up)

inline guard_see_links(d)
{
	for (t_ : 0 .. N - 1) {
		slaves = slaves | ((guard_has_link(d, t_) != 0) << (d));
		held = held | (((holders_links & pair_bit(t_, d)) != 0) << (d))
	}
}

/*
 * Read what is linked below a device.  (What is above is read as well, for the depth.)
 * First each disk is seen, then the links of those that lead on are looked up.
 *
 * @devices: disks that were there when they were seen
 * @linking: those that were being linked
 * @slaves, @held: those that had slaves, and holders
 * @queue, @below: disks that are to be looked at, and that were come to
 * @found: edges of the graph that is read
 */
inline guard_judge_by_sysfs(h, s, r)
{
	do
	:: d_step {
		devices = 0; linking = 0; slaves = 0; held = 0;
		queue = bit_of(s);
		below = queue;
		found = 0;
		again = false
	   };
	   /* guard_take_reading() */
	   for (i : 0 .. N - 1) {
		d_step {	/* guard_see() */
			devices = devices | md[i].added << i;
			linking = linking | guard_is_being_linked(i) << i
#ifndef WITHOUT_TWO_PASSES
		}
	   };
	   for (i : 0 .. N - 1) {
		d_step {
#else
			;
#endif
			when (has(devices, i), guard_see_links(i))
		}
	   };
	   /* guard_read_down() */
	   do
	   :: queue && !again ->
		d_step {
			i = 0;
			do
			:: !has(queue, i) -> i++
			:: else -> break
			od;
			queue = queue & ~bit_of(i);
#ifdef WITHOUT_TWO_PASSES
			linking = guard_is_being_linked(i) << i;
#endif
			again = has(linking, i);
			j = (has(slaves, i) && !again -> 0 : N)
		};
		do
		:: j < N && !(found & pair_bit(i, j)) -> d_step {	/* guard_read_pair() */
			if
			:: has(held, j) && guard_has_link(i, j) ->
				queue = queue | (bit_of(j) & ~below);
				below = below | bit_of(j);
				found = found | pair_bit(i, j)
			:: else -> j++
			fi
		   }
		:: j < N && found & pair_bit(i, j) -> d_step {	/* guard_read_doubt() */
			when (!guard_has_link(i, j), found = found & ~pair_bit(i, j));
			j++
		   }
		:: else -> break
		od
	   :: else -> break
	   od;
#ifdef WITHOUT_WAIT
	   again = false;
#endif
	   if
	   :: again -> !guard_is_being_linked(i)	/* guard_pause() */
	   :: else -> break
	   fi
	od;
	atomic {
		d_step {
			reaches(bit_of(s), h, found & pair_bit(h_, s_));
			r = (loop_ -> REFUSED : FINE)
		};
		printf("task %d: guard_judge_by_sysfs(dm-%d on %d): %e\n", me, h, s, r);
		devices = 0; linking = 0; slaves = 0; held = 0; queue = 0; below = 0; found = 0;
		again = false; i = 0; j = 0
	}
}
#else
#define guard_judge_by_sysfs(h, s, r)	skip
#endif

/* Once more by the graph, if that has come to be watched. */
#if defined(SEED) && !defined(WITHOUT_LAST_LOOK)
#define and_by_graph(h, s, r)	; guard_graph_judge(h, s, r)
inline guard_graph_judge(h, s, r)
{
	d_step {
		when (r == FINE && watching,
			reaches(bit_of(s), h, guard_has_reason(h_, s_));
			r = (loop_ -> REFUSED : FINE);
			printf("task %d: guard_graph_judge(dm-%d on %d): %e\n", me, h, s, r))
	}
}
#else
#define and_by_graph(h, s, r)
#endif

/* @linked: it was judged just now.  @seen: guard_watching */
inline guard_add_first(t, h, s, linked, seen, r)
{
#ifdef WITHOUT_EARLY_WATCHING
	seen = watching;
#endif
#ifndef WITHOUT_OWN
	guard_graph_add(t, h, s, GUARD_OWN, (seen) && !(linked), true, r);
#endif
	when (r == FINE && !(seen), guard_judge_by_sysfs(h, s, r) and_by_graph(h, s, r))
}

/* guard/divert.c */

#ifdef SEED
bool diverts_unlink, diverts_put, diverts_link, diverts_get;
bool watching;		/* guard_watching */
bool guard_scope_all = true;

/* Who is in one of the functions, on the way in or undiverted. */
byte in_function, tasks_awaited;
#define rcu_tasks_enter()	in_function = in_function | bit_of(me)
#define rcu_tasks_leave()						\
	in_function = in_function & ~bit_of(me);			\
	tasks_awaited = tasks_awaited & ~bit_of(me)
#define synchronize_rcu_tasks()						\
	tasks_awaited = in_function;					\
	!tasks_awaited

inline guard_divert_start()
{
#ifdef WITHOUT_DIVERT_FIRST
	guard_read_all();
#endif
	diverts_unlink = true;
	diverts_put = true;
	diverts_link = true;
	diverts_get = true;
#ifndef WITHOUT_RCU_TASKS
	synchronize_rcu_tasks();
#endif
#ifndef WITHOUT_DIVERT_FIRST
	guard_read_all();
#endif
	watched = true;		/* guard_graph_watch() */
	atomic {
		printf("task %d: guard_watching = true\n", me);
		watching = true;
		no_holes()
	}
}

inline guard_divert_stop()
{
	watching = false;
	printf("task %d: guard_watching = false\n", me);
#ifndef WITHOUT_SRCU
	synchronize_srcu();
#endif
	diverts_get = false;
	diverts_link = false;
	diverts_put = false;
	diverts_unlink = false;
	synchronize_rcu_tasks();
	synchronize_srcu();
	d_step {	/* guard_graph_forget() */
		printf("task %d: guard_graph_forget()\n", me);
		watched = false;
		for (t_ : 1 .. TABLES) {
			tables[t_].promised = 0
		};
		for (t_ : 0 .. N * N - 1) {
			edges[t_].pending = 0;
			edges[t_].linked = 0;
			edges[t_].found = 0;
			edges[t_].promised = 0;
			edges[t_].unchanged = 0
		}
	}
}
#else
#define rcu_tasks_enter()	skip
#define rcu_tasks_leave()	skip
#endif
