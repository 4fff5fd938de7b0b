/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's part: block/holder.c, drivers/md/dm.c, dm-table.c and dm-ioctl.c, in so far
 * as they open, link and close devices, and change tables.
 *
 * An atomic is one step.  There is one thing in it that others can tell from its being
 * done at another time; taking a lock goes with the step after it, and giving it back
 * with the one before.
 */

#define lock(l)		!(l); l = 1
#define unlock(l)	l = 0

/* Is a link judged, or was it? */
#define is_guarded(h, own_line)						\
	(is_mapped(h) && ((own_line) || !md[h].set_up || asks && watching))

/*
 * Calls of bd_link_disk_holder() and bd_unlink_disk_holder(), which may be diverted.
 *
 * @opening: there is a guard_opening; else the stage is found out now
 */
inline link(h, s, opening, own_line, r)
{
	atomic {
		diverted = diverts_link;
		asks = ((opening) -> asks : guard_scope_all);
		guarded = is_guarded(h, own_line);
		rcu_tasks_enter()
	};
	if
	:: diverted ->
		atomic {
			srcu_read_lock();
			rcu_tasks_leave();
			/* guard_link_stage() */
			asks = ((opening) -> asks : guard_scope_all);
			guarded = is_guarded(h, own_line)
		};
		guard_check_link(h, s, r);
		srcu_read_unlock()
	:: else ->
		bd_link_disk_holder(h, s, r);
		rcu_tasks_leave()
	fi
}

inline unlink(h, s)
{
	atomic {
		diverted = diverts_unlink;
		rcu_tasks_enter()
	};
	if
	:: diverted ->
		atomic { srcu_read_lock(); rcu_tasks_leave() };
		guard_check_unlink(h, s);
		srcu_read_unlock()
	:: else ->
		bd_unlink_disk_holder(h, s);
		rcu_tasks_leave()
	fi
}

#define td_of(t, d, s)		td(d, s, tables[t].mode)
#define open_by(t, s)		tables[t].opened = tables[t].opened | bit_of(s)
#define closed_by(t, s)		tables[t].opened = tables[t].opened & ~bit_of(s)

/* Between the two, a call is diverted, and guard_calls does not have it yet. */
#ifdef STARTED
#define and_then_lock	}; atomic {
#else
#define and_then_lock
#endif

/*
 * A line is destroyed: guard_check_close(), or dm_put_device(), which may be diverted to
 * guard_check_put(), unless the module calls it.
 */
inline close_device(t, d, s, calls)
{
	atomic {
		ours = has(tables[t].own, s);
		puts = ours || !(calls) && diverts_put;
		when (puts && !ours, rcu_tasks_enter());
		and_then_lock
		when (puts, srcu_read_lock());
		when (puts && !ours, rcu_tasks_leave());
		/* dm_put_table_device() */
		lock(md[d].table_devices_lock);
		linked = (td_of(t, d, s) == 1 && md[d].added);
		when (!linked,
			td_of(t, d, s)--;
			closed_by(t, s);
			unlock(md[d].table_devices_lock))
	};
	when (linked,
		unlink(d, s);	/* close_table_device() */
		atomic {
			td_of(t, d, s)--;
			closed_by(t, s);
			unlock(md[d].table_devices_lock)
		});
	if
	:: ours -> guard_graph_close(t, d, s)
	:: !ours && puts -> guard_graph_withdraw(t, d, s)
	:: else
	fi;
	when (puts, srcu_read_unlock())
}

/*
 * A line is constructed: guard_check_open(), or dm_get_device(), which may be diverted to
 * guard_check_get().
 */
inline open_device(t, d, s, own_line)
{
	atomic {
		gets = (own_line) || diverts_get;
		asks = (own_line) || guard_scope_all;
		when (gets && !(own_line), rcu_tasks_enter());
		and_then_lock
		when (gets, srcu_read_lock());
		when (gets && !(own_line), rcu_tasks_leave());
		seen = watching;
		/* dm_get_table_device() */
		lock(md[d].table_devices_lock);
		r = (td_of(t, d, s) || can_be_opened(s) -> FINE : FAILED);
		linked = (r == FINE && !td_of(t, d, s) && md[d].added);
		printf("task %d: open_device(dm-%d on %d, table %d, %e): %e\n", me, d, s, t,
		       ((own_line) -> linear : other), r);
		when (r == FINE,
			td_of(t, d, s)++;
			open_by(t, s));
		md[d].table_devices_lock = linked
	};
	when (linked,
		link(d, s, gets, own_line, r);	/* open_table_device() */
		atomic {
			linked = (r == FINE && diverted);
			if
			:: r != FINE ->
				td_of(t, d, s)--;
				closed_by(t, s);
				r = FAILED
			:: else
			fi;
			unlock(md[d].table_devices_lock)
		});
	if
	:: r == FINE && own_line -> guard_add_first(t, d, s, linked, seen, r)
#ifndef WITHOUT_PROMISE
	:: r == FINE && !own_line && gets && !linked ->
		guard_graph_add(t, d, s, GUARD_PROMISED, asks, true, r)
#endif
	:: else
	fi;
	when (r == REFUSED,
		when (has(tables[t].own, s), guard_graph_close(t, d, s));
		close_device(t, d, s, true));
	when (gets, srcu_read_unlock())
}

/* @t: a table in no slot, or 0 */
inline dm_table_destroy(t, d)
{
	do
	:: tables[t].opened ->
		pick(s, tables[t].opened);
		close_device(t, d, s, false)
	:: else -> break
	od;
	forget_table(t, d)
}

/* The first load: the disk is added, and what its tables have open is linked. */
inline dm_setup_md_queue(d)
{
	atomic {
		lock(md[d].table_devices_lock);
		printf("task %d: add_disk(dm-%d)\n", me, d);
		md[d].added = 1;
		i = 0
	};
	do
	:: i < MODES * N ->
		when (r == FINE && td(d, i % N, i / N), link(d, i % N, false, false, r));
		i++
	:: else -> break
	od;
	assert(r != REFUSED || LATE_IS_REFUSED);
	do
	:: r != FINE && i > 0 ->
		i--;
		when (i < N && refcnt(d, i), unlink(d, i))
	:: else -> break
	od;
	/* Linked and in sysfs, or what no later load can add. */
	atomic {
		printf("task %d: dm_setup_md_queue(dm-%d): %e\n", me, d, r);
		md[d].set_up = (r == FINE);
		md[d].added = (r == FINE);
		md[d].there = (r == FINE && md[d].there);
		i = 0;
		unlock(md[d].table_devices_lock)
	}
}

/* @todo, @own: the devices of its lines, and those whose line is ours */
inline table_load(t, d, todo, own)
{
	/* populate_table() */
	do
	:: todo && r == FINE ->
		pick(s, todo);
		todo = todo & ~bit_of(s);
		open_device(t, d, s, has(own, s))
	:: LOADS_FAIL && todo && r == FINE && tables[t].opened -> r = FAILED
	:: else -> break
	od;
	todo = 0;
	when (r == FINE && !md[d].set_up, dm_setup_md_queue(d));
	unlock(md[d].type_lock);
	/* Under _hash_lock */
	atomic {
		when (r == FINE && md[d].there,
			printf("task %d: table %d is loaded for dm-%d\n", me, t, d);
			swap(t, md[d].new_map);
			no_loop(d))
	};
	dm_table_destroy(t, d)
}

#ifdef LIVE
/* The hooks of those lines that have a guard_use.  Order matters little: ascending. */
inline dm_suspend(d)
{
	atomic {
		lock(md[d].suspend_lock);
		live = md[d].map
	};
	when (!md[d].suspended,
		for (s : 0 .. N - 1) {
			when (has(tables[live].own, s), guard_graph_suspending(live, d))
		};
		md[d].suspended = 1;
		for (s : 0 .. N - 1) {
			when (has(tables[live].own, s), guard_graph_suspend(live, d, s))
		});
	atomic { live = 0; unlock(md[d].suspend_lock) }
}

inline dm_resume(d)
{
	atomic {
		lock(md[d].suspend_lock);
		live = md[d].map;
		r = FINE
	};
	when (md[d].suspended,
		for (s : 0 .. N - 1) {
			if
			:: r == FINE && has(tables[live].own, s) ->
				guard_check_resume(live, d, s, r)
			:: else
			fi
		};
		if
		:: r == FINE -> d_step {
			/* guard_check_resumed() */
			printf("task %d: dm-%d is resumed, table %d\n", me, d, live);
			tables[live].was_live = (tables[live].own != 0);
			md[d].suspended = 0
		   }
		:: else
		fi);
	atomic { live = 0; unlock(md[d].suspend_lock) }
}

/* @t: what was in the inactive slot, or 0 */
inline do_resume(t, d)
{
	when (t,
		dm_suspend(d);
		atomic {
			!md[d].suspend_lock;
			if
			:: md[d].suspended ->	/* dm_swap_table() */
				printf("task %d: table %d is dm-%d's live one\n", me, t, d);
				swap(t, md[d].map)
			:: else
			fi
		});
	dm_resume(d);
	dm_table_destroy(t, d)
}
#else
/* Where no resume asks, only that the slots change is of interest. */
inline do_resume(t, d)
{
	atomic { swap(t, md[d].map) };
	dm_table_destroy(t, d)
}
#define dm_suspend(d)	skip
#endif

inline dev_remove(t, d)
{
	dm_table_destroy(t, d);
	/* __dm_destroy() */
	dm_suspend(d);
	atomic {
		!md[d].holders;
		swap(t, md[d].map)
	};
	dm_table_destroy(t, d);
	d_step {
		printf("task %d: del_gendisk(dm-%d)\n", me, d);
		no_edges(d);
		md[d].added = 0;
		md[d].set_up = 0;
		md[d].going = 0;
		md[d].suspended = 0
	}
}

#ifdef ARRAY
/* md takes a device into its array, whatever linking says, or lets go of it. */
inline md_bind(d, s)
{
	atomic {
		lock(md[d].table_devices_lock);	/* reconfig_mutex */
		linked = td(d, s, 0);
		r = (s != d && can_be_opened(s) -> FINE : FAILED);
		when (r == FINE && !linked, td(d, s, 0)++)
	};
	if
	:: linked -> unlink(d, s)
	:: !linked && r == FINE -> link(d, s, false, false, r)
	:: else
	fi;
	d_step {
		td(d, s, 0) = td(d, s, 0) - linked;
		unlock(md[d].table_devices_lock)
	}
}
#endif
