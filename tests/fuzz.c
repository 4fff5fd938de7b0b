// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random operations on mapped devices, each outcome predicted by a model.
 *
 * Usage: fuzz [-s SEED] [-n OPERATIONS] [-d DEVICES] [-r RAM DISKS] [-c COMMAND] [-v]
 *	PREFIX
 *
 * Creates, loads, clears, suspends, resumes, renames and removes devices named
 * PREFIX-*, and knows from a model of its own (two slots for each device, and
 * the rules as the manual page states them) whether each is accepted and with which
 * errno it is refused.  Reads back sectors and knows where their data comes
 * from.  Runs with the scope and max_depth that the module has.  With -c, the operator's
 * command has to predict each load as well.
 *
 * Prints the seed, and with the same arguments does the same again.  Exits with
 * 1 at the first disagreement, after saying what happened.
 */

#define _GNU_SOURCE
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "dm.h"

/* What libblkid sends to every new device, and what kills in a loop. */
#define PASS_THROUGH 0x80280215UL

#define SECTOR 512
#define SIZE 64			/* sectors of each mapped device */
#define HALF (SIZE / 2)
#define CHUNK 8			/* sectors of a stripe's chunk */
#define RAM_SIZE 1024		/* sectors of each RAM disk that are used */
#define MAX_DEVICES 64
#define MAX_RAMS 4
#define MAX_NODES (MAX_DEVICES + MAX_RAMS)

enum kind { LINEAR, STRIPED, ORIGIN, CRYPT, ERROR, ZERO };

static const char *const kind_name[] = {
	"linear", "striped", "snapshot-origin", "crypt", "error", "zero"
};

struct segment {
	enum kind kind;
	int belows;		/* 0, 1, or 2 of a striped one */
	int below[2];		/* a device, or devices + a RAM disk */
	unsigned int offset[2];	/* in sectors */
};

struct table {
	int segments;		/* 0 if there is no table, 1 or 2 */
	struct segment segment[2];
};

struct device {
	bool exists;
	bool added;		/* can be opened */
	bool suspended;
	bool sized;		/* has been resumed once */
	bool cleared;		/* and not loaded since */
	bool was_live;		/* its live table has been resumed */
	struct table live;
	struct table inactive;
	char name[64];
	unsigned int major;
	unsigned int minor;
};

static struct device device[MAX_DEVICES];
static int devices = 5;
static int rams = 2;
static unsigned int max_depth;
static bool scope_all;
static bool watched;		/* the guard knows what other targets link */
static bool adds_late;		/* a device is added by its first load */
static bool core_knows_self;	/* core refuses a device on itself */
static const char *prefix;
static const char *command;
static bool verbose;

static long operation;
static long count_loads, count_loops, count_depth, count_self, count_resumes;
static long count_reads, count_refused_resumes, count_other, count_avoided;
static long count_predicted;

static long names;
static char operation_text[512];

static void node_name(char *buffer, size_t size, int node)
{
	if (node < devices)
		snprintf(buffer, size, "%u:%u", device[node].major,
			 device[node].minor);
	else
		snprintf(buffer, size, "1:%d", node - devices);
}

/* A table in a line, for people. */
static void describe(char *text, size_t size, const struct table *t)
{
	size_t len = 0;
	int i, j;

	text[0] = '\0';
	for (i = 0; i < t->segments; i++) {
		const struct segment *s = &t->segment[i];

		len += snprintf(text + len, size - len, " %s", kind_name[s->kind]);
		for (j = 0; j < s->belows; j++)
			len += snprintf(text + len, size - len,
					s->below[j] < devices ? " d%d+%u" :
								" ram%d+%u",
					s->below[j] < devices ? s->below[j] :
					s->below[j] - devices, s->offset[j]);
	}
}

static void clean_up(void);

static void dump(void)
{
	char text[256];
	int i;

	for (i = 0; i < devices; i++) {
		struct device *d = &device[i];

		if (!d->exists)
			continue;
		printf("# d%d = %s (%u:%u)%s%s%s\n", i, d->name, d->major,
		       d->minor, d->added ? "" : " not added",
		       d->sized ? "" : " without a size",
		       d->suspended ? " suspended" : "");
		describe(text, sizeof(text), &d->live);
		printf("#   live:%s\n", text);
		describe(text, sizeof(text), &d->inactive);
		printf("#   inactive:%s\n", text);
	}
}

static void __attribute__((noreturn, format(printf, 1, 2)))
disagree(const char *format, ...)
{
	va_list args;

	printf("# operation %ld: %s\n# ", operation, operation_text);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n# the model says:\n");
	dump();
	clean_up();
	exit(1);
}

/* The model. */

/* Is there an edge in either slot? */
static bool table_stands_on(const struct table *t, int node)
{
	int i, j;

	for (i = 0; i < t->segments; i++)
		for (j = 0; j < t->segment[i].belows; j++)
			if (t->segment[i].below[j] == node)
				return true;
	return false;
}

static bool stands_on(int upper, int node)
{
	return upper < devices && device[upper].exists &&
	       (table_stands_on(&device[upper].live, node) ||
		table_stands_on(&device[upper].inactive, node));
}

static bool is_held(int node)
{
	int i;

	for (i = 0; i < devices; i++)
		if (stands_on(i, node))
			return true;
	return false;
}

/*
 * reach[a][b]: b can be come to from a by going down.  Warshall's way: nothing
 * in common with how the guard looks.
 */
static bool reach[MAX_NODES][MAX_NODES];

static bool live_edge(int upper, int node)
{
	return upper < devices && device[upper].exists &&
	       !device[upper].suspended &&
	       table_stands_on(&device[upper].live, node);
}

/* Is there an edge by a line of our target, or of another, in the live slot? */
static bool in_live_slot(int upper, int node, bool ours, bool others)
{
	struct table t;
	int i;

	if (upper >= devices || !device[upper].exists)
		return false;
	t = device[upper].live;
	for (i = 0; i < t.segments; i++)
		if (!(t.segment[i].kind == LINEAR ? ours : others))
			t.segment[i].belows = 0;
	return table_stands_on(&t, node);
}

static bool unguarded_edge(int upper, int node)
{
	return in_live_slot(upper, node, false, true);
}

static void close_reach(bool (*edge)(int upper, int node))
{
	int nodes = devices + rams, i, j, k;

	for (i = 0; i < nodes; i++)
		for (j = 0; j < nodes; j++)
			reach[i][j] = edge(i, j);
	for (k = 0; k < nodes; k++)
		for (i = 0; i < nodes; i++)
			if (reach[i][k])
				for (j = 0; j < nodes; j++)
					reach[i][j] |= reach[k][j];
}

/* The longest way down or up from a node, or ENDLESS if there is a loop on it. */
#define ENDLESS 255
static unsigned int longest(int node, bool down)
{
	bool here[MAX_NODES] = { false }, next[MAX_NODES];
	unsigned int length;
	int i, j;

	here[node] = true;
	for (length = 0; length <= MAX_NODES; length++) {
		bool any = false;

		memset(next, 0, sizeof(next));
		for (i = 0; i < devices + rams; i++)
			for (j = 0; here[i] && j < devices + rams; j++)
				if (down ? stands_on(i, j) : stands_on(j, i))
					any = next[j] = true;
		if (!any)
			break;
		memcpy(here, next, sizeof(here));
	}
	return length > MAX_NODES ? ENDLESS : length;
}

/* What a load is to say, 0 or an errno; *avoid if it is not to be tried. */
static int predict_load(int own, const struct table *t, bool *avoid)
{
	bool late = !device[own].added;
	unsigned int above = longest(own, false), deep;
	int i, j;

	close_reach(stands_on);
	for (i = 0; i < t->segments; i++) {
		const struct segment *s = &t->segment[i];

		for (j = 0; j < s->belows; j++) {
			int b = s->below[j];

			if (b == own) {
				if (s->kind == LINEAR || core_knows_self ||
				    (scope_all && !late))
					return EINVAL;
				if (late)
					return ENXIO;
				*avoid = true;	/* it would be accepted */
				return 0;
			}
			if (b < devices && !device[b].added)
				return ENXIO;
			if (s->kind != LINEAR && !scope_all) {
				/* It is not asked about, and counts for what is. */
				if (reach[b][own])
					above = ENDLESS;
				continue;
			}
			if (reach[b][own])
				return ELOOP;
			deep = longest(b, true);
			/* In a loop or below one, only what is below counts. */
			if (deep + 1 + (above == ENDLESS ? 0 : above) > max_depth)
				return ELOOP;
		}
	}
	return 0;
}

/* As far as the guard knows. */
static bool live_slot_edge(int upper, int node)
{
	return in_live_slot(upper, node, true, watched);
}

/* Does a linear line of the table close a loop with such edges? */
static bool closes_loop(const struct table *t, int own,
			bool (*edge)(int upper, int node))
{
	int i;

	close_reach(edge);
	for (i = 0; i < t->segments; i++)
		if (t->segment[i].kind == LINEAR &&
		    reach[t->segment[i].below[0]][own])
			return true;
	return false;
}

/*
 * What a resume is to say; *either if it may be refused with ELOOP as well, or may
 * not be: which tables of other targets are live is not known for certain, which
 * counts against a table that was never live, and for one that was.
 */
static int predict_resume(int own, bool *either)
{
	struct device *d = &device[own];
	const struct table *t = d->inactive.segments ? &d->inactive : &d->live;
	bool up = !d->suspended && !d->inactive.segments;

	*either = false;
	if (up)
		return 0;
	if (!t->segments)
		return EINVAL;
	if (t == &d->live && d->was_live) {
		*either = closes_loop(t, own, live_slot_edge);
		return 0;
	}
	if (closes_loop(t, own, live_slot_edge))
		return ELOOP;
	*either = closes_loop(t, own, stands_on);
	return 0;
}

/* Would a loop that nothing stops be live, if this device were resumed? */
static bool would_run_wild(int own)
{
	struct device saved = device[own];
	bool wild = false;
	int i;

	if (device[own].inactive.segments)
		device[own].live = device[own].inactive;
	device[own].suspended = false;
	close_reach(live_edge);
	for (i = 0; i < devices; i++)
		wild |= reach[i][i];
	/* 5.10 probes for DAX what is suspended, too: ours would end it. */
	close_reach(unguarded_edge);
	for (i = 0; i < devices; i++)
		wild |= reach[i][i];
	device[own] = saved;
	return wild;
}

enum source { FROM_RAM, FROM_ZERO, FROM_ERROR, FROM_NOWHERE };

/* Where a sector comes from; nowhere if it would wait. */
static enum source resolve(int node, unsigned int sector, int *ram,
			   unsigned int *at, int hops)
{
	struct device *d = &device[node];
	const struct segment *s;
	unsigned int begin, in;
	int j = 0;

	if (node >= devices) {
		*ram = node - devices;
		*at = sector;
		return FROM_RAM;
	}
	if (!d->exists || d->suspended || !d->live.segments || hops > 80)
		return FROM_NOWHERE;

	begin = d->live.segments == 2 && sector >= HALF ? HALF : 0;
	s = &d->live.segment[begin ? 1 : 0];
	in = sector - begin;
	switch (s->kind) {
	case ZERO:
		return FROM_ZERO;
	case ERROR:
		return FROM_ERROR;
	case ORIGIN:
		in = sector;
		break;
	case STRIPED:
		if (s->belows == 2) {
			j = in / CHUNK % 2;
			in = in / CHUNK / 2 * CHUNK + in % CHUNK;
		}
		break;
	default:
		break;
	}
	return resolve(s->below[j], s->offset[j] + in, ram, at, hops + 1);
}

/* The kernel. */

/* The parameters of a line. */
static void put_params(char *params, size_t size, const struct segment *s)
{
	char node[2][32] = { "", "" };
	int j;

	params[0] = '\0';
	for (j = 0; j < s->belows; j++)
		node_name(node[j], sizeof(node[j]), s->below[j]);
	switch (s->kind) {
	case LINEAR:
		snprintf(params, size, "%s %u", node[0], s->offset[0]);
		break;
	case STRIPED:
		if (s->belows == 2)
			snprintf(params, size, "2 %d %s %u %s %u", CHUNK, node[0],
				 s->offset[0], node[1], s->offset[1]);
		else
			snprintf(params, size, "1 %d %s %u", CHUNK, node[0],
				 s->offset[0]);
		break;
	case ORIGIN:
		snprintf(params, size, "%s", node[0]);
		break;
	case CRYPT:
		snprintf(params, size, "cipher_null-ecb - 0 %s %u", node[0],
			 s->offset[0]);
		break;
	default:
		break;
	}
}

/* Run a task, of which a table may be a part; 0 or an errno. */
static int run(int type, const char *name, const struct table *t,
	       const char *new_name, struct dm_info *info)
{
	struct dm_task *task = new_task(type, name);
	unsigned int size;
	char params[256];
	int i;

	if (new_name)
		dm_task_set_newname(task, new_name);
	for (i = 0; t && i < t->segments; i++) {
		size = t->segments == 2 ? HALF : SIZE;
		put_params(params, sizeof(params), &t->segment[i]);
		dm_task_add_target(task, (uint64_t)i * size, size,
				   kind_name[t->segment[i].kind], params);
	}
	return run_task(task, info);
}

/* The errno in parentheses that the command has written. */
static int read_errno(const char *text)
{
	static const struct {
		const char *name;
		int error;
	} errors[] = {
		{ "(EBUSY)", EBUSY }, { "(EINVAL)", EINVAL }, { "(ELOOP)", ELOOP },
		{ "(ENODEV)", ENODEV }, { "(ENXIO)", ENXIO },
	};
	size_t i;

	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (strstr(text, errors[i].name))
			return errors[i].error;
	return -1;
}

/*
 * What the command predicts of a load: 0 or an errno, or -1; @said receives all of its
 * words, to be freed.
 */
static int predict(const struct device *d, const struct table *t, char **said)
{
	unsigned int size = t->segments == 2 ? HALF : SIZE;
	char table[600] = "", params[256];
	size_t length = 0, room = 0;
	int out[2], status, i;
	FILE *words;
	pid_t pid;

	for (i = 0; i < t->segments; i++) {
		put_params(params, sizeof(params), &t->segment[i]);
		length += snprintf(table + length, sizeof(table) - length, "%u %u %s %s\n",
				   i * size, size, kind_name[t->segment[i].kind], params);
	}
	if (pipe2(out, O_CLOEXEC))
		disagree("no pipe: %s", strerror(errno));
	pid = fork();
	if (!pid) {
		dup2(out[1], 1);
		dup2(out[1], 2);
		execlp(command, command, "check", "--", d->name, table, NULL);
		_exit(127);
	}
	close(out[1]);
	words = fdopen(out[0], "r");
	/* They go on to the end of the file. */
	if (!words || getdelim(said, &room, '\0', words) < 0)
		disagree("the command said nothing");
	fclose(words);
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFEXITED(status))
		disagree("the command did not run");
	switch (WEXITSTATUS(status)) {
	case 0:		/* accepted */
	case 6:		/* and so although it is a loop, or too deep */
		return 0;
	case 1:
		return read_errno(*said);
	default:
		return -1;
	}
}

static bool is_added(const struct device *d)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u", d->major, d->minor);
	return !access(path, F_OK);
}

static void pattern(char *sector, int ram, unsigned int at)
{
	memset(sector, 0, SECTOR);
	snprintf(sector, SECTOR, "RAM disk %d, sector %u", ram, at);
}

static int open_node(const struct device *d, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/dev/dm-%u", d->minor);
	return open(path, flags);
}

static void check_read(int own)
{
	static char wanted[SECTOR];
	static char *got;
	unsigned int sector = below(SIZE), at = 0;
	int ram = 0, fd, r, error;
	enum source source = resolve(own, sector, &ram, &at, 0);

	if (source == FROM_NOWHERE)
		return;
	if (!got && posix_memalign((void **)&got, 4096, SECTOR))
		disagree("no memory");

	snprintf(operation_text, sizeof(operation_text),
		 "read sector %u of d%d", sector, own);
	fd = open_node(&device[own], O_RDONLY | O_DIRECT);
	if (fd < 0)
		disagree("it cannot be opened: %s", strerror(errno));
	r = pread(fd, got, SECTOR, (off_t)sector * SECTOR);
	error = errno;
	/* Any answer will do, and any device, if the machine lives. */
	ioctl(fd, PASS_THROUGH, wanted);
	close(fd);

	count_reads++;
	if (source == FROM_ERROR) {
		if (r >= 0)
			disagree("there was to be an error");
		return;
	}
	if (r != SECTOR)
		disagree("%d bytes: %s", r, strerror(error));
	memset(wanted, 0, SECTOR);
	if (source == FROM_RAM)
		pattern(wanted, ram, at);
	if (memcmp(wanted, got, SECTOR))
		disagree("wanted '%s', got '%.60s'", wanted, got);
}

static void random_segment(struct segment *s, unsigned int size)
{
	static const enum kind likely[] = {
		LINEAR, LINEAR, LINEAR, LINEAR, LINEAR, LINEAR,
		STRIPED, STRIPED, STRIPED, ORIGIN, ORIGIN, CRYPT, ERROR, ZERO
	};
	unsigned int room, j;

	memset(s, 0, sizeof(*s));
	s->kind = likely[below(sizeof(likely) / sizeof(*likely))];
	if (s->kind == ERROR || s->kind == ZERO)
		return;
	s->belows = s->kind == STRIPED ? 1 + below(2) : 1;
	for (j = 0; j < (unsigned int)s->belows; j++) {
		do {
			s->below[j] = below(devices + (below(3) ? 0 : rams));
		} while (s->below[j] < devices && !device[s->below[j]].exists &&
			 below(50));
		if (s->below[j] < devices && !device[s->below[j]].exists)
			s->below[j] = devices;
		room = (s->below[j] < devices ? SIZE : RAM_SIZE) -
			size / s->belows;
		if (s->kind != ORIGIN)
			s->offset[j] = below(room / CHUNK + 1) * CHUNK;
	}
}

static void do_load(int own)
{
	struct device *d = &device[own];
	struct table t = { .segments = 1 + below(2) };
	bool avoid = false;
	int i, wanted, got, len, predicted = -1;
	char *said = NULL;

	for (i = 0; i < t.segments; i++)
		random_segment(&t.segment[i], t.segments == 2 ? HALF : SIZE);
	len = snprintf(operation_text, sizeof(operation_text), "load d%d:", own);
	describe(operation_text + len, sizeof(operation_text) - len, &t);
	wanted = predict_load(own, &t, &avoid);
	if (avoid) {
		count_avoided++;
		return;
	}
	if (command) {
		predicted = predict(d, &t, &said);
		count_predicted++;
	}
	got = run(DM_DEVICE_RELOAD, d->name, &t, NULL, NULL);
	if (wanted != got)
		disagree("wanted '%s', got '%s'", strerror(wanted), strerror(got));
	if (command && predicted != got)
		disagree("got '%s', and the command had said: %s", strerror(got), said);
	free(said);

	switch (wanted) {
	case 0:
		d->inactive = t;
		d->added = true;
		d->cleared = false;
		count_loads++;
		break;
	case EINVAL:
		count_self++;
		break;
	case ELOOP:
		close_reach(stands_on);
		for (i = 0; i < t.segments; i++)
			if (t.segment[i].belows &&
			    (reach[t.segment[i].below[0]][own] ||
			     (t.segment[i].belows == 2 &&
			      reach[t.segment[i].below[1]][own])))
				break;
		if (i < t.segments)
			count_loops++;
		else
			count_depth++;
		break;
	default:
		count_other++;
	}
	if (is_added(d) != d->added)
		disagree("it is %sadded", d->added ? "not " : "");
}

static void do_resume(int own)
{
	struct device *d = &device[own];
	int wanted, got;
	bool either;

	wanted = predict_resume(own, &either);
	if (!wanted && would_run_wild(own)) {
		count_avoided++;
		return;
	}
	got = run(DM_DEVICE_RESUME, d->name, NULL, NULL, NULL);
	if (either && got == ELOOP)
		wanted = ELOOP;
	if (wanted != got)
		disagree("wanted '%s', got '%s'", strerror(wanted), strerror(got));
	if (wanted == EINVAL)
		return;
	if (d->inactive.segments) {
		d->live = d->inactive;
		d->inactive.segments = 0;
		d->sized = true;
		d->suspended = true;
		d->was_live = false;
	}
	if (wanted) {
		count_refused_resumes++;
		return;
	}
	d->suspended = false;
	d->was_live = true;
	count_resumes++;
	check_read(own);
}

static void do_create(int own)
{
	struct device *d = &device[own];
	struct dm_info info;
	int r;

	memset(d, 0, sizeof(*d));
	snprintf(d->name, sizeof(d->name), "%s-%d.%ld", prefix, own, ++names);
	r = run(DM_DEVICE_CREATE, d->name, NULL, NULL, &info);
	if (r)
		disagree("%s", strerror(r));
	d->exists = true;
	d->major = info.major;
	d->minor = info.minor;
	d->added = !adds_late;
}

static void do_operation(void)
{
	int own = below(devices), wanted, got;
	struct device *d = &device[own];
	char name[64];
	unsigned int dice;

	if (!d->exists) {
		snprintf(operation_text, sizeof(operation_text), "create d%d", own);
		do_create(own);
		return;
	}

	dice = below(100);
	if (dice < 55) {
		do_load(own);
		return;
	}
	if (dice < 75) {
		snprintf(operation_text, sizeof(operation_text), "resume d%d", own);
		do_resume(own);
		return;
	}
	if (dice < 83) {
		snprintf(operation_text, sizeof(operation_text), "clear d%d", own);
		got = run(DM_DEVICE_CLEAR, d->name, NULL, NULL, NULL);
		wanted = 0;
		d->cleared = true;
		d->inactive.segments = 0;
	} else if (dice < 86) {
		snprintf(operation_text, sizeof(operation_text), "suspend d%d", own);
		got = run(DM_DEVICE_SUSPEND, d->name, NULL, NULL, NULL);
		wanted = 0;
		if (!got)
			d->suspended = true;
	} else if (dice < 89) {
		/*
		 * clear, rename, load: 6.1 and 6.12, whatever the target, free
		 * twice what they noted for IMA's measurements.
		 */
		if (d->cleared) {
			count_avoided++;
			return;
		}
		snprintf(operation_text, sizeof(operation_text), "rename d%d", own);
		snprintf(name, sizeof(name), "%s-%d.%ld", prefix, own, ++names);
		got = run(DM_DEVICE_RENAME, d->name, NULL, name, NULL);
		wanted = 0;
		strcpy(d->name, name);
	} else if (dice < 92) {
		snprintf(operation_text, sizeof(operation_text), "remove d%d", own);
		got = run(DM_DEVICE_REMOVE, d->name, NULL, NULL, NULL);
		wanted = is_held(own) ? EBUSY : 0;
		if (!wanted)
			d->exists = false;
	} else {
		check_read(own);
		return;
	}
	if (wanted != got)
		disagree("wanted '%s', got '%s'", strerror(wanted), strerror(got));
}

/* Replace every table by one that is stacked on nothing, then remove. */
static void clean_up(void)
{
	static const struct table error = { 1, { { .kind = ERROR } } };
	int i;

	for (i = 0; i < devices; i++) {
		if (!device[i].exists)
			continue;
		run(DM_DEVICE_RELOAD, device[i].name, &error, NULL, NULL);
		run(DM_DEVICE_RESUME, device[i].name, NULL, NULL, NULL);
	}
	for (i = 0; i < devices; i++)
		if (device[i].exists &&
		    run(DM_DEVICE_REMOVE, device[i].name, NULL, NULL, NULL))
			printf("# %s cannot be removed\n", device[i].name);
}

static void fill_rams(void)
{
	static char sectors[RAM_SIZE][SECTOR];
	unsigned int at;
	char path[32];
	int ram, fd;

	for (ram = 0; ram < rams; ram++) {
		snprintf(path, sizeof(path), "/dev/ram%d", ram);
		fd = open(path, O_WRONLY);
		for (at = 0; at < RAM_SIZE; at++)
			pattern(sectors[at], ram, at);
		if (write(fd, sectors, sizeof(sectors)) != sizeof(sectors)) {
			perror(path);
			exit(2);
		}
		fsync(fd);
		close(fd);
	}
}

/* Find out what this kernel does by itself. */
static void probe_kernel(void)
{
	struct table self = { 1, { { .kind = STRIPED, .belows = 1 } } };

	do_create(0);
	adds_late = !is_added(&device[0]);
	core_knows_self = run(DM_DEVICE_RELOAD, device[0].name, &self, NULL,
			      NULL) == EINVAL;
	run(DM_DEVICE_CLEAR, device[0].name, NULL, NULL, NULL);
	run(DM_DEVICE_REMOVE, device[0].name, NULL, NULL, NULL);
	device[0].exists = false;
}

int main(int argc, char **argv)
{
	unsigned long seed = time(NULL);
	long operations = 1000;
	char text[16];
	int option;

	while ((option = getopt(argc, argv, "c:s:n:d:r:v")) != -1) {
		switch (option) {
		case 'c':
			command = optarg;
			break;
		case 's':
			seed = strtoul(optarg, NULL, 0);
			break;
		case 'n':
			operations = strtol(optarg, NULL, 0);
			break;
		case 'd':
			devices = atoi(optarg);
			break;
		case 'r':
			rams = atoi(optarg);
			break;
		case 'v':
			verbose = true;
			break;
		default:
			return 2;
		}
	}
	if (optind != argc - 1 || devices < 1 || devices > MAX_DEVICES ||
	    rams < 1 || rams > MAX_RAMS) {
		fprintf(stderr, "usage: fuzz [-s SEED] [-n OPERATIONS] [-d DEVICES] [-r RAM DISKS] [-c COMMAND] [-v] PREFIX\n");
		return 2;
	}
	prefix = argv[optind];
	seed_random(seed);
	setlinebuf(stdout);
	read_parameter("max_depth", text, sizeof(text));
	max_depth = atoi(text);
	read_parameter("scope", text, sizeof(text));
	scope_all = !strcmp(text, "all");
	read_parameter("divert", text, sizeof(text));
	watched = text[0] == 'Y';
	printf("# seed %lu, %ld operations, %d devices, %d RAM disks, scope %s, max_depth %u, %s\n",
	       seed, operations, devices, rams, scope_all ? "all" : "linear",
	       max_depth, watched ? "divert=Y" : "divert=N");

	start_libdevmapper();
	fill_rams();
	probe_kernel();
	for (operation = 0; operation < operations; operation++) {
		do_operation();
		if (verbose)
			printf("# %ld: %s\n", operation, operation_text);
	}
	clean_up();
	printf("# %ld loads accepted, refused: %ld loops, %ld too deep, %ld onto themselves, %ld others\n",
	       count_loads, count_loops, count_depth, count_self, count_other);
	printf("# %ld resumes, %ld refused; %ld reads; %ld avoided\n",
	       count_resumes, count_refused_resumes, count_reads, count_avoided);
	if (command)
		printf("# %ld loads predicted\n", count_predicted);
	return 0;
}
