/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the module and the kernel do at the same time, for spin.  README.md says how to
 * read it, and run has what is searched.
 *
 * Disks 0 to MAPPED - 1 are mapped devices.  If there is one more, it is an array of
 * md's.  A set of disks is a mask.
 */

/* Disks; users, how much each does, and the last of them; lines of a table. */
#ifndef N
#define N 2
#endif
#ifdef ARRAY
#define MAPPED (N - 1)
#else
#define MAPPED N
#endif
#ifndef USERS
#define USERS 2
#endif
#ifndef OPERATIONS
#define OPERATIONS 1
#endif
#ifndef LAST
#define LAST OPERATIONS
#endif
#ifndef LINES
#define LINES 1
#endif
/* In how many ways a device is opened: each is linked. */
#ifndef MODES
#define MODES 1
#endif
#define TABLES (2 * MAPPED + USERS)

/* Can the kernel fail to link two, and a load fail at a later line? */
#ifndef LINKS_FAIL
#define LINKS_FAIL false
#endif
#ifndef LOADS_FAIL
#define LOADS_FAIL false
#endif
/* Is nothing linked in the beginning? */
#ifndef BARE
#define BARE false
#endif
/* 5.10 adds a disk when it is created. */
#ifndef ADDED_AT_ONCE
#define ADDED_AT_ONCE false
#endif

/* Calls are diverted; or not; or this begins and ends while others load. */
#if defined(SEED)
#define READS_SYSFS
#define TASKS (USERS + 1)
#elif defined(SYSFS)
#define READS_SYSFS
#define SCOPE_LINEAR
#define diverts_unlink	false
#define diverts_put	false
#define diverts_link	false
#define diverts_get	false
#define watching	false
#else
#define diverts_unlink	true
#define diverts_put	true
#define diverts_link	true
#define diverts_get	true
#define watching	true
#endif
#ifndef SEED
#ifdef SCOPE_LINEAR
#define guard_scope_all	false
#else
#define guard_scope_all	true
#endif
#endif

mtype = { FINE, REFUSED, FAILED };
mtype = { linear, other };
mtype = { GUARD_PENDING, GUARD_FOUND, GUARD_OWN, GUARD_PROMISED };

#define when(condition, steps)	if :: condition -> steps :: else fi

#define is_mapped(d)	((d) < MAPPED)
#define bit_of(d)	(1 << (d))
#define has(set, d)	((set) >> (d) & 1)

/*
 * @there: it has a name, and can be opened
 * @added: its disk is there, so that others can be stacked on it
 * @set_up: its first load has linked it
 * @going: it is being removed
 * @map, @new_map: the tables in its live and its inactive slot; 0 is none
 * @holders: who works on it, so that it stays
 */
typedef mapped_device {
	bit there;
	bit added;
	bit set_up;
	bit going;
	bit suspended;
	bit type_lock;
	bit table_devices_lock;
	bit suspend_lock;
	unsigned map : 4;
	unsigned new_map : 4;
	unsigned holders : 2
};

mapped_device md[N];

/*
 * @dev: whose it is, if it is used
 * @mode: how it opens devices
 * @opened: devices that its lines have opened
 * @own: those whose line is ours
 * @promised: those that GUARD_PROMISED stands for
 * @was_live, @resumed: it has been; its lines that are, as far as we know
 */
typedef dm_table {
	bit used;
	bit mode;
	unsigned dev : 2;
	unsigned opened : N;
	unsigned own : N;
	unsigned promised : N;
#ifdef LIVE
	bit was_live;
	unsigned resumed : N
#endif
};

dm_table tables[TABLES + 1];

/* struct table_device: how many tables have a device open */
byte table_devices[MODES * N * N];
#define td(h, s, mode)	table_devices[((mode) * N + (h)) * N + (s)]

/* struct bd_holder_disk */
byte holder_disks[N * N];
#define refcnt(h, s)	holder_disks[(h) * N + (s)]

/* Links in sysfs: "slaves" of holders, and "holders" of slaves; and who changes both */
#define pair_bit(h, s)	(1 << ((h) * N + (s)))
#ifdef READS_SYSFS
short slaves_links, holders_links;
byte blk_holder_mutex;
#endif

#define can_be_opened(d)	(md[d].there && md[d].added)

/* Used within one step only, and so no part of a state. */
hidden byte h_, s_, t_, n_, below_, loop_;

/* loop_: is there a way down from a set of disks to one, by what this holds for? */
#define reaches(from, to, holds)					\
	below_ = from;							\
	for (n_ : 2 .. N) {						\
		for (h_ : 0 .. N - 1) {					\
			for (s_ : 0 .. N - 1) {				\
				if					\
				:: has(below_, h_) && (holds) ->	\
					below_ = below_ | bit_of(s_)	\
				:: else					\
				fi					\
			}						\
		}							\
	};								\
	loop_ = has(below_, to)

/*
 * Property: no load that is judged completes a loop.
 *
 * What is linked without being judged, and closes a loop, is theirs until it is
 * unlinked.  Inactive tables count as live ones do.
 */
#if defined(ARRAY) || defined(SCOPE_LINEAR) || defined(SEED)
short theirs;
#define is_stacked(h, s)						\
	(refcnt(h, s) || !md[h].set_up && (td(h, s, 0) || td(h, s, MODES - 1)))
#define is_theirs(h, s)		(theirs >> ((h) * N + (s)) & 1)
#define unmark_theirs(h, s)	theirs = theirs & ~((!refcnt(h, s)) << ((h) * N + (s)))
#define mark_theirs(h, s)						\
	reaches(bit_of(s), h, guard_has_reason(h_, s_) || is_stacked(h_, s_)); \
	theirs = theirs | (loop_ && !guarded) << ((h) * N + (s))
#else
#define is_theirs(h, s)		false
#define unmark_theirs(h, s)	skip
#define mark_theirs(h, s)	skip
#endif

#define is_used(h, s)							\
	((is_mapped(h) -> has(tables[md[h].map].opened |		\
			      tables[md[h].new_map].opened, s) :	\
			  refcnt(h, s)) && !is_theirs(h, s))
#define no_loop(d) \
	d_step { \
		for (t_ : 0 .. N - 1) { \
			if \
			:: is_used(d, t_) -> \
				reaches(bit_of(t_), d, is_used(h_, s_)); \
				assert(!loop_) \
			:: else \
			fi \
		} \
	}

/*
 * Property: no first load is refused when its disk has been added, if nobody ignores
 * refusals, and if what it has opened was judged.
 */
#if defined(ARRAY) || defined(SEED)
#define LATE_IS_REFUSED	true
#else
#define LATE_IS_REFUSED	false
#endif

/* Property: while links are watched, each has its edge. */
#ifdef LOOPS_ONLY
#define WATCHES_LINKS	false
#else
#define WATCHES_LINKS	true
#endif
#define no_holes() \
	for (t_ : 0 .. N * N - 1) { \
		assert(!WATCHES_LINKS || !holder_disks[t_] || \
		       guard_has_reason(t_ / N, t_ % N)) \
	}

/*
 * Property: a disk that goes leaves no edge to what it was stacked on.  (An edge to it can
 * be left until guard_graph_close() or guard_graph_withdraw(), which come after the put.)
 */
#define no_edges(d) \
	for (t_ : 0 .. N - 1) { \
		assert(!WATCHES_LINKS || !watching || !guard_has_reason(d, t_)) \
	}

/* Property: when all is done, the graph has what is linked, and nothing else. */
#define at_rest() \
	for (t_ : 0 .. N * N - 1) { \
		assert(!WATCHES_LINKS || !watching || \
		       guard_has_reason(t_ / N, t_ % N) == (holder_disks[t_] > 0)) \
	}

/*
 * Properties of resumes: one that is accepted closes no loop of edges that are known to
 * be live.  One of a table that was live is refused only for a loop of edges in live
 * slots; one of a new table, only for one of which this cannot be ruled out, if no device
 * is worked on by two at a time.
 *
 * What md links is known when the graph is told.  Nobody refuses it, so that it makes no
 * difference if the resume comes just before that, or just after.
 */
#ifdef LIVE
#define is_resumed(h, s)						\
	(is_mapped(h) -> has(tables[md[h].map].resumed, s) : guard_is_linked(h, s))
#define is_in_live_slot(h, s)						\
	(is_resumed(h, s) ||						\
	 has(tables[md[h].map].opened & ~tables[md[h].map].own, s))
#define may_be_live(h, s)						\
	(is_in_live_slot(h, s) || has(tables[md[h].map].own, s) ||	\
	 refcnt(h, s) && !tables[md[h].map].was_live)
#define resume_is_right(t, h, s, r)					\
	if								\
	:: r == FINE ->							\
		reaches(bit_of(s), h, is_resumed(h_, s_)); assert(!loop_) \
	:: r == REFUSED && tables[t].was_live ->			\
		reaches(bit_of(s), h, is_in_live_slot(h_, s_)); assert(loop_) \
	:: r == REFUSED && !tables[t].was_live && SERIAL ->		\
		reaches(bit_of(s), h, may_be_live(h_, s_)); assert(loop_) \
	:: else								\
	fi
#define resumes(t, s, r)						\
	tables[t].resumed = (r == FINE -> tables[t].resumed | bit_of(s) : \
			     tables[t].resumed & ~bit_of(s))
#endif
#ifndef SERIAL
#define SERIAL	false
#endif

/* One of a set, or of so many. */
inline pick(one, set)
{
	if
	:: has(set, 0) -> one = 0
	:: has(set, 1) -> one = 1
	:: N > 2 && has(set, N - 1) -> one = N - 1
	fi
}

inline choose(one, count)
{
	one = 0;
	do
	:: one < count - 1 -> one++
	:: break
	od
}

#define swap(a, b)	t_ = a; a = b; b = t_

inline new_table(t, d)
{
	t = 1;
	do
	:: tables[t].used -> t++
	:: else -> break
	od;
	tables[t].used = 1;
	tables[t].dev = d;
	if
	:: MODES > 1 -> tables[t].mode = 1
	:: true
	fi
}

/* Some lines, none on the device itself.  @own: those that are ours */
inline choose_lines(d, lines, own)
{
	lines = 0;
	own = 0;
	for (i : 1 .. LINES) {
		choose(s, N);
		if
		:: s == d || has(lines, s)
		:: s != d && !has(lines, s) ->
			lines = lines | bit_of(s);
			if
			:: own = own | bit_of(s)
#ifndef ALL_GUARDED
			/* README.md says why not another's first load. */
#if defined(SEED) && !defined(STARTED)
			:: md[d].set_up
#else
			:: true
#endif
#endif
			fi
		fi
	};
	i = 0
}

inline forget_table(t, d)
{
	d_step {
		tables[t].used = 0;
		tables[t].dev = 0;
		tables[t].mode = 0;
#ifdef LIVE
		tables[t].was_live = 0;
		tables[t].resumed = 0;
#endif
		t = 0
	}
}

#include "guard.pml"
#include "dm.pml"

/* In the beginning, a mapped device is new, or has a live table; an array, a device. */
inline start_line(t, d, s, own_line)
{
	open_by(t, s);
	td(d, s, tables[t].mode)++;
	refcnt(d, s)++;
#ifdef READS_SYSFS
	slaves_links = slaves_links | pair_bit(d, s);
	holders_links = holders_links | pair_bit(d, s);
#endif
#if !defined(READS_SYSFS) || defined(STARTED)
	guard_add_edge(d, s);
	edge(d, s).linked++;
#endif
	if
	:: own_line ->
		edge(d, s).own++;
		tables[t].own = tables[t].own | bit_of(s);
#ifdef LIVE
		edge(d, s).young = 0;
		edge(d, s).table = t;
		node_table[d] = t;
		tables[t].was_live = 1;
		tables[t].resumed = tables[t].own
#endif
	:: else
	fi
}

inline start()
{
	for (d : 0 .. N - 1) {
		md[d].there = 1;
		if
		:: is_mapped(d) && !ADDED_AT_ONCE
		:: true -> md[d].added = 1; md[d].set_up = 1
		fi
	};
	for (d : 0 .. N - 1) {
		if
		:: !BARE -> choose_lines(d, todo, own)
		:: else
		fi;
		if
		:: md[d].set_up && is_mapped(d) -> new_table(t, d); md[d].map = t
		:: else -> t = 0
		fi;
		do
		:: todo ->
			pick(s, todo);
			todo = todo & ~bit_of(s);
			reaches(bit_of(s), d, refcnt(h_, s_));
			when (t && md[s].added && !loop_ && !BARE, start_line(t, d, s, has(own, s)))
		:: else -> break
		od
	};
	t = 0; d = 0; s = 0; own = 0; i = 0
}

#define is_open(d)							\
	(td(0, d, 0) || td(1, d, 0) || td(N - 1, d, 0) ||		\
	 td(0, d, MODES - 1) || td(1, d, MODES - 1) || td(N - 1, d, MODES - 1))

mtype = { LOAD, CLEAR, RESUME, SUSPEND, REMOVE, CREATE, BIND };

#define is_ready(d)	(is_mapped(d) && md[d].there && !(SERIAL && md[d].holders))

proctype user(byte me)
{
	byte operations = (me == USERS - 1 -> LAST : OPERATIONS), d, s, t, live, todo, own, i;
	mtype operation, r;
	bit linked, diverted, asks, guarded, ours, gets, puts, seen, doubts;
#ifdef READS_SYSFS
	byte devices, linking, slaves, held, queue, below, j;
	short found;
	bit again;
#endif

	do
	:: atomic {
		operations > 0 ->
		operations--;
		choose(d, N);
		if
		:: is_ready(d) ->
			operation = LOAD;
			choose_lines(d, todo, own);
			new_table(t, d)
		:: is_ready(d) && md[d].new_map -> operation = CLEAR; swap(t, md[d].new_map)
		:: is_ready(d) && (md[d].new_map || md[d].suspended) ->
			operation = RESUME;
			swap(t, md[d].new_map)
#ifdef LIVE
		:: is_ready(d) && !md[d].suspended -> operation = SUSPEND
#endif
#ifdef REMOVES
		:: is_ready(d) && !is_open(d) ->
			operation = REMOVE;
			md[d].there = 0;
			md[d].going = 1;
			swap(t, md[d].new_map)
		:: is_mapped(d) && !md[d].there && !md[d].going && !md[d].holders ->
			operation = CREATE;
			md[d].there = 1;
			md[d].added = ADDED_AT_ONCE;
			md[d].set_up = ADDED_AT_ONCE
#endif
#ifdef ARRAY
		:: !is_mapped(d) -> operation = BIND; choose(s, N)
#endif
		:: else -> operation = CREATE
		fi;
		printf("task %d: %e dm-%d\n", me, operation, d);
		md[d].holders = md[d].holders + (operation != REMOVE);
		r = FINE;
		when (operation == LOAD, lock(md[d].type_lock))
	   };
	   if
	   :: operation == LOAD -> table_load(t, d, todo, own)
	   :: operation == CLEAR -> dm_table_destroy(t, d)
	   :: operation == RESUME -> do_resume(t, d)
#ifdef LIVE
	   :: operation == SUSPEND -> dm_suspend(d)
#endif
#ifdef REMOVES
	   :: operation == REMOVE -> dev_remove(t, d)
#endif
#ifdef ARRAY
	   :: operation == BIND -> md_bind(d, s)
#endif
	   :: else
	   fi;
	   atomic {
		md[d].holders = md[d].holders - (operation != REMOVE);
		operation = 0; r = 0;
		d = 0; s = 0; own = 0; i = 0;
		linked = 0; diverted = 0; asks = 0; guarded = 0; ours = 0; gets = 0; puts = 0;
		seen = 0; doubts = 0
	   }
	:: else -> break
	od
}

#ifdef SEED
proctype parameters(byte me)
{
	byte i;
	mtype r;
	bit doubts;

#ifndef STARTED
	guard_divert_start()
#else
	guard_scope_all = false;
	guard_divert_stop()
#endif
}
#endif

init
{
	byte d, s, t, todo, own, i;

	atomic {
#ifdef STARTED
		diverts_unlink = true; diverts_put = true;
		diverts_link = true; diverts_get = true;
		watched = true; watching = true;
#endif
		start();
		for (i : 0 .. USERS - 1) {
			run user(i)
		};
#ifdef SEED
		run parameters(USERS);
#endif
		i = 0
	};
	_nr_pr == 1;
	d_step { at_rest() }
}
