// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loads that together would close a loop, from several processes at a time.
 *
 * Usage: race [-a] [-n ROUNDS] [-l LOOKS] [-o OPERATIONS] [-s SEED] PREFIX
 *
 * First ROUNDS rounds in which two or three processes load, at the same moment,
 * one table each of what would be a loop; in every other round one of the
 * devices has no table before.  Not all may succeed; with scope=all, exactly
 * one may not.  Then a storm: each process loads, suspends, resumes, clears,
 * renames, removes and creates at random, while a checker that knows nothing but
 * /sys/block/dm-N/slaves looks for loops.  A loop that it sees there (both slots,
 * at several moments) is looked for among the live tables, with all others
 * stopped.  The storm ends when the checker has had LOOKS looks or more and each
 * process has done OPERATIONS or more: a slow machine does as much as a fast one.
 * With -a, no two processes of the storm do something with one device at a time.
 *
 * Exits with 1 if there was one load too many, or a loop.
 */

#define _GNU_SOURCE
#include <dirent.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "dm.h"

#define PROCESSES 3
#define STORM_DEVICES 5
#define SIZE 2048
#define MINORS 256
#define IDLE_TICKS 100			/* hundredths of a second: see stop_all() */

static const char *prefix;
static bool scope_all, alone;

static struct shared {
	pthread_barrier_t begin, end;	/* of a round */
	atomic_int result[PROCESSES];	/* errno of each load */
	atomic_uint minor[STORM_DEVICES];
	atomic_bool renamed[STORM_DEVICES];
	atomic_bool busy[STORM_DEVICES];	/* with -a */
	atomic_int done[PROCESSES];	/* operations of the storm */
	unsigned int major;
	int members;			/* processes in this round */
	bool striped;
} *shared;

static void name_of(char *name, int size, int device, bool renamed)
{
	snprintf(name, size, "%s-%d%s", prefix, device, renamed ? "r" : "");
}

static int run(int type, int device, const char *kind, const char *params,
	       struct dm_info *info)
{
	struct dm_task *task;
	char name[64];

	name_of(name, sizeof(name), device, atomic_load(&shared->renamed[device]));
	task = new_task(type, name);
	if (kind)
		dm_task_add_target(task, 0, SIZE, kind, params);
	return run_task(task, info);
}

static void rename_device(int device, bool to)
{
	struct dm_task *task;
	char name[64];

	name_of(name, sizeof(name), device, !to);
	task = new_task(DM_DEVICE_RENAME, name);
	name_of(name, sizeof(name), device, to);
	dm_task_set_newname(task, name);
	if (!run_task(task, NULL))
		atomic_store(&shared->renamed[device], to);
}

static int load(int device, int lower, bool striped)
{
	char params[64];

	if (lower < 0)
		return run(DM_DEVICE_RELOAD, device, "linear", "1:0 0", NULL);
	snprintf(params, sizeof(params), "%s%u:%u 0", striped ? "1 8 " : "",
		 shared->major, atomic_load(&shared->minor[lower]));
	return run(DM_DEVICE_RELOAD, device, striped ? "striped" : "linear",
		   params, NULL);
}

static int create(int device)
{
	struct dm_info info;
	int r = run(DM_DEVICE_CREATE, device, NULL, NULL, &info);

	if (!r) {
		shared->major = info.major;
		atomic_store(&shared->minor[device], info.minor);
	}
	return r;
}

static void must(const char *what, int r)
{
	if (!r)
		return;
	printf("# %s: %s\n", what, strerror(r));
	kill(0, SIGTERM);
	exit(1);
}

/* Rounds. */

/* A thread that spins takes the processor from one that loads. */
static void make_barrier(pthread_barrier_t *barrier)
{
	pthread_barrierattr_t attributes;

	pthread_barrierattr_init(&attributes);
	pthread_barrierattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	must("barrier", pthread_barrier_init(barrier, &attributes, PROCESSES + 1));
}

static void member(int me, int rounds)
{
	volatile unsigned int spin;
	int round;

	random_state += me;
	for (round = 0; round < rounds; round++) {
		pthread_barrier_wait(&shared->begin);
		if (me < shared->members) {
			for (spin = below(3000); spin; spin--)
				;
			atomic_store(&shared->result[me],
				     load(me, (me + 1) % shared->members,
					  shared->striped && me == 1));
		}
		pthread_barrier_wait(&shared->end);
	}
	_exit(0);
}

static int rounds_of_loads(int rounds)
{
	long refused = 0, both = 0;
	int round, i, r, good, failed = 0;

	for (i = 0; i < PROCESSES; i++) {
		must("create", create(i));
		must("load", load(i, -1, false));
		must("resume", run(DM_DEVICE_RESUME, i, NULL, NULL, NULL));
	}
	make_barrier(&shared->begin);
	make_barrier(&shared->end);
	for (i = 0; i < PROCESSES; i++)
		if (!fork())
			member(i, rounds);

	for (round = 0; round < rounds; round++) {
		bool fresh = round % 2;

		shared->members = 2 + round / 2 % 2;
		shared->striped = scope_all && round / 4 % 2;
		if (fresh) {
			must("remove", run(DM_DEVICE_REMOVE, 0, NULL, NULL, NULL));
			must("create", create(0));
		}
		pthread_barrier_wait(&shared->begin);
		pthread_barrier_wait(&shared->end);

		for (i = good = 0; i < shared->members; i++) {
			r = atomic_load(&shared->result[i]);
			good += !r;
			if (r && r != ELOOP && !(fresh && (r == ENXIO || r == ENODEV))) {
				printf("# round %d: load %d says %s\n", round, i,
				       strerror(r));
				failed = 1;
			}
		}
		refused += shared->members - good;
		both += shared->members - good > 1;
		if (good == shared->members ||
		    (scope_all && good != shared->members - 1)) {
			printf("# round %d: %d of %d loads%s succeeded\n", round,
			       good, shared->members, fresh ? ", one a first," : "");
			failed = 1;
		}
		/* Live tables, once more: the two slots change places. */
		for (i = 0; i < shared->members; i++)
			run(DM_DEVICE_RESUME, i, NULL, NULL, NULL);
		for (i = 0; i < PROCESSES; i++) {
			must("load", load(i, -1, false));
			must("resume", run(DM_DEVICE_RESUME, i, NULL, NULL, NULL));
		}
	}
	for (i = 0; i < PROCESSES; i++)
		wait(NULL);
	for (i = 0; i < PROCESSES; i++)
		must("remove", run(DM_DEVICE_REMOVE, i, NULL, NULL, NULL));
	printf("# %d rounds, %ld loads refused, in %ld rounds more than one\n",
	       rounds, refused, both);
	return failed;
}

/* The storm. */

/*
 * Devices come and go where a new one is shown to others by its first load.
 * 5.10 shows it earlier than it can be linked, and warns a task that looks.
 */
static bool shown_by_load(void)
{
	char path[64];
	bool shown;

	must("create", create(0));
	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u", shared->major,
		 atomic_load(&shared->minor[0]));
	shown = !access(path, F_OK);
	must("remove", run(DM_DEVICE_REMOVE, 0, NULL, NULL, NULL));
	return !shown;
}

static void storm(int me, bool come_and_go)
{
	bool even;
	int own;

	random_state += 100 + me;
	for (;;) {
		/* There are more devices than processes. */
		do
			own = below(STORM_DEVICES);
		while (alone && atomic_exchange(&shared->busy[own], true));
		/*
		 * None is both cleared and renamed: 6.1 and 6.12, whatever the
		 * target, then free twice what they noted for IMA.
		 */
		even = own % 2 == 0;
		switch (below(12)) {
		case 0:
			if (even)
				run(DM_DEVICE_CLEAR, own, NULL, NULL, NULL);
			else
				rename_device(own, below(2));
			break;
		case 1:
			run(DM_DEVICE_SUSPEND, own, NULL, NULL, NULL);
			break;
		case 2:
		case 3:
		case 4:
			run(DM_DEVICE_RESUME, own, NULL, NULL, NULL);
			break;
		case 5:
			if (come_and_go && even)
				run(DM_DEVICE_REMOVE, own, NULL, NULL, NULL);
			break;
		case 6:
			if (come_and_go && even)
				create(own);
			break;
		case 7:
			load(own, -1, false);
			break;
		default:
			load(own, below(STORM_DEVICES), scope_all && below(2));
		}
		atomic_store(&shared->busy[own], false);
		atomic_fetch_add(&shared->done[me], 1);
	}
}

static bool edge[MINORS][MINORS];

static bool has_loop(void)
{
	int i, j, k;

	for (k = 0; k < MINORS; k++)
		for (i = 0; i < MINORS; i++)
			if (edge[i][k])
				for (j = 0; j < MINORS; j++)
					edge[i][j] |= edge[k][j];
	for (i = 0; i < MINORS; i++)
		if (edge[i][i])
			return true;
	return false;
}

static bool sysfs_has_loop(void)
{
	unsigned int i, upper, lower;
	char path[64];
	struct dirent *entry;
	DIR *dir;

	memset(edge, 0, sizeof(edge));
	for (i = 0; i < STORM_DEVICES; i++) {
		upper = atomic_load(&shared->minor[i]);
		snprintf(path, sizeof(path), "/sys/block/dm-%u/slaves", upper);
		dir = opendir(path);
		while (dir && (entry = readdir(dir)))
			if (sscanf(entry->d_name, "dm-%u", &lower) == 1 &&
			    upper < MINORS && lower < MINORS)
				edge[upper][lower] = true;
		if (dir)
			closedir(dir);
	}
	return has_loop();
}

static bool live_tables_have_loop(void)
{
	struct dm_task *task;
	struct dm_deps *deps;
	struct dm_info info;
	unsigned int d;
	int i;

	memset(edge, 0, sizeof(edge));
	for (i = 0; i < STORM_DEVICES; i++) {
		/* One that is being renamed has a number all the time. */
		task = dm_task_create(DM_DEVICE_DEPS);
		dm_task_set_major(task, shared->major);
		dm_task_set_minor(task, atomic_load(&shared->minor[i]));
		if (dm_task_run(task) && dm_task_get_info(task, &info) &&
		    info.exists && (deps = dm_task_get_deps(task)))
			for (d = 0; d < deps->count; d++)
				if (deps->device[d] >> 8 == info.major &&
				    info.minor < MINORS &&
				    (deps->device[d] & 0xff) < MINORS)
					edge[info.minor][deps->device[d] & 0xff] = true;
		dm_task_destroy(task);
	}
	return has_loop();
}

/* Whether a process waits in the kernel and cannot be stopped meanwhile. */
static bool waits(pid_t pid)
{
	char path[32], line[256], *end;
	bool r = false;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "r");
	if (!file)
		return false;
	if (fgets(line, sizeof(line), file)) {
		end = strrchr(line, ')');
		r = end && !strncmp(end, ") D", 3);
	}
	fclose(file);
	return r;
}

/* Hundredths of a second for which all processors together have been idle. */
static long idle_ticks(void)
{
	long idle, iowait;
	FILE *file = fopen("/proc/stat", "r");

	if (!file || fscanf(file, "cpu %*d %*d %*d %ld %ld", &idle, &iowait) != 2)
		must("/proc/stat", EIO);
	fclose(file);
	return idle + iowait;
}

/*
 * Stop all others.  Fails if one waits, in the kernel, for what a stopped one
 * would do: a device is removed when the one that maps onto it lets it go.  Any
 * other wait, as for a lock or a grace period, ends by itself, soon after the work
 * that it waits for.  So one that still waits after the machine has been idle for
 * a second waits for a stopped one; one that is slow is waited for.
 */
static bool stop_all(const pid_t *pid)
{
	long enough = idle_ticks() + IDLE_TICKS * sysconf(_SC_NPROCESSORS_ONLN);
	int i;

	for (i = 0; i < PROCESSES; i++)
		kill(pid[i], SIGSTOP);
	for (i = 0; i < PROCESSES; i++) {
		while (!waitpid(pid[i], NULL, WUNTRACED | WNOHANG)) {
			if (waits(pid[i]) && idle_ticks() > enough)
				return false;
			usleep(5000);
		}
	}
	return true;
}

/* Have a device map onto nothing, so that none waits for it. */
static void empty(int device)
{
	run(DM_DEVICE_RELOAD, device, "error", "", NULL);
	run(DM_DEVICE_RESUME, device, NULL, NULL, NULL);
}

/*
 * The same for every device, by whichever name: one may have been killed before
 * it noted a new name.
 */
static void empty_all(void)
{
	int i;

	for (i = 0; i < STORM_DEVICES * 2; i++) {
		atomic_store(&shared->renamed[i / 2], i % 2);
		empty(i / 2);
	}
}

/* What the process has done that has done least, or -1 if one has died. */
static int least_done(const pid_t *pid)
{
	int i, done, least = INT_MAX;

	for (i = 0; i < PROCESSES; i++) {
		if (waitpid(pid[i], NULL, WNOHANG))
			return -1;
		done = atomic_load(&shared->done[i]);
		if (done < least)
			least = done;
	}
	return least;
}

static int storm_and_check(int least_looks, int operations)
{
	bool come_and_go = shown_by_load();
	long looks = 0, stops = 0, waited = 0;
	int i, done = 0, failed = 0;
	pid_t pid[PROCESSES];

	for (i = 0; i < STORM_DEVICES; i++)
		must("create", create(i));
	for (i = 0; i < PROCESSES; i++) {
		pid[i] = fork();
		if (!pid[i])
			storm(i, come_and_go);
		must("fork", pid[i] < 0 ? errno : 0);
	}
	while (!failed && (looks < least_looks || done < operations)) {
		done = least_done(pid);
		if (done < 0) {
			printf("# a process of the storm has died\n");
			failed = 1;
			break;
		}
		/* While it has had its share of looks, the loads have the processor. */
		if (looks * (long)operations > done * (long)least_looks)
			usleep(2000);
		looks++;
		if (!sysfs_has_loop() && looks % 16)
			continue;
		if (stop_all(pid)) {
			stops++;
			if (live_tables_have_loop()) {
				printf("# a loop is live\n");
				failed = 1;
			}
			for (i = 0; i < PROCESSES; i++)
				kill(pid[i], SIGCONT);
		} else {
			waited++;
			for (i = 0; i < PROCESSES; i++)
				kill(pid[i], SIGCONT);
			/* If all of them wait, none will let anything go. */
			for (i = 0; i < STORM_DEVICES; i++)
				empty(i);
		}
	}
	for (i = 0; i < PROCESSES; i++)
		kill(pid[i], SIGKILL);
	/* Before they are waited for: one may wait for these to be let go. */
	empty_all();
	for (i = 0; i < PROCESSES; i++)
		waitpid(pid[i], NULL, 0);
	empty_all();
	for (i = 0; i < STORM_DEVICES * 2; i++) {
		atomic_store(&shared->renamed[i / 2], i % 2);
		run(DM_DEVICE_REMOVE, i / 2, NULL, NULL, NULL);
	}
	printf("# %ld looks, %ld with all others stopped, %ld when one could not be\n",
	       looks, stops, waited);
	printf("# each process has done %d operations or more\n", done);
	return failed;
}

int main(int argc, char **argv)
{
	unsigned long seed = time(NULL);
	int rounds = 100, looks = 300, operations = 300, failed, option;
	char scope[16];

	while ((option = getopt(argc, argv, "an:l:o:s:")) != -1) {
		switch (option) {
		case 'a':
			alone = true;
			break;
		case 'n':
			rounds = atoi(optarg);
			break;
		case 'l':
			looks = atoi(optarg);
			break;
		case 'o':
			operations = atoi(optarg);
			break;
		case 's':
			seed = strtoul(optarg, NULL, 0);
			break;
		default:
			return 2;
		}
	}
	if (optind != argc - 1) {
		fprintf(stderr, "usage: race [-a] [-n ROUNDS] [-l LOOKS] [-o OPERATIONS] "
			"[-s SEED] PREFIX\n");
		return 2;
	}
	prefix = argv[optind];
	seed_random(seed);
	read_parameter("scope", scope, sizeof(scope));
	scope_all = !strcmp(scope, "all");
	setlinebuf(stdout);
	setpgid(0, 0);
	start_libdevmapper();
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return 2;
	printf("# seed %lu, scope %s\n", seed, scope_all ? "all" : "linear");
	failed = rounds_of_loads(rounds);
	failed |= storm_and_check(looks, operations);
	return failed;
}
