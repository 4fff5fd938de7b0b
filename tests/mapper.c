// SPDX-License-Identifier: GPL-2.0-only
/*
 * What dmsetup and dmesg do, for a test that asks hundreds of times: a process for
 * each takes an emulated machine longer than what it is asked.
 *
 * Usage: mapper FILE, started by plan in lib.sh
 *
 * Standard input brings requests: how many words, and the words, each with a zero
 * byte behind it.  What would be printed is written to FILE, and then one line to
 * standard output, "STATUS LENGTH": 0 or 1 as of dmsetup, and how much is in FILE.
 * Ends when standard input does.
 *
 *	create|reload NAME TABLE
 *	suspend|resume|clear|remove NAME...
 *	info NAME...	which tables are loaded and whether it is suspended, "Live:Active"
 *	table|status NAME	the live table, or its status, as dmsetup shows them
 *	ls		the names of all devices, one a line
 *	targets		the name and the version of all targets, one a line
 *	target-version NAME...	have each target looked up, and say nothing of it
 *	read|empty FILE...	read the first page, or write zeros there, directly
 *	pause SECONDS	do nothing for that long
 *	messages	what the kernel has logged since the last such request
 *	forget		what the kernel has logged so far
 */

#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libdevmapper.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define WORDS 128

static FILE *output;

/* What libdevmapper says on dmsetup's standard error: errors and warnings. */
__attribute__((format(printf, 5, 6)))
static void say(int level, const char *file, int line, int dm_errno, const char *format, ...)
{
	va_list arguments;

	/* Of syslog's levels; a further bit is for standard error. */
	if ((level & 7) > 4)
		return;
	va_start(arguments, format);
	vfprintf(output, format, arguments);
	va_end(arguments);
	fputc('\n', output);
}

/* A line is "START LENGTH TARGET PARAMETERS". */
static int add_table(struct dm_task *task, char *table)
{
	unsigned long long start, length;
	char *line, *rest, target[64];
	int skip;

	for (line = strtok_r(table, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		if (sscanf(line, "%llu %llu %63s %n", &start, &length, target, &skip) < 3) {
			fprintf(output, "Invalid format on line of table: %s\n", line);
			return 0;
		}
		if (!dm_task_add_target(task, start, length, target, line + skip))
			return 0;
	}
	return 1;
}

/* As dmsetup info -c -o tables_loaded,suspended does. */
static void print_info(const struct dm_info *info)
{
	static const char * const loaded[] = { "None", "Live", "Inactive", "Both" };

	fprintf(output, "%s:%s\n", loaded[!!info->live_table + 2 * !!info->inactive_table],
		info->suspended ? "Suspended" : "Active");
}

static int run(int type, const char *name, char *table)
{
	struct dm_task *task = dm_task_create(type);
	struct dm_info info;
	int done;

	done = task && dm_task_set_name(task, name) &&
	       (!table || add_table(task, table)) &&
	       dm_task_run(task);
	if (done && type == DM_DEVICE_INFO) {
		done = dm_task_get_info(task, &info) && info.exists;
		if (done)
			print_info(&info);
		else
			fputs("Device does not exist.\n", output);
	}
	if (task)
		dm_task_destroy(task);
	dm_task_update_nodes();
	return done;
}

static int print_lines(int type, const char *name)
{
	struct dm_task *task = dm_task_create(type);
	char *target, *parameters;
	uint64_t start, length;
	void *next = NULL;
	int done;

	done = task && dm_task_set_name(task, name) && dm_task_run(task);
	while (done) {
		next = dm_get_next_target(task, next, &start, &length, &target, &parameters);
		/* Without a table, there is one line that is none. */
		if (target)
			fprintf(output, "%" PRIu64 " %" PRIu64 " %s %s\n", start, length, target,
				parameters);
		if (!next)
			break;
	}
	if (task)
		dm_task_destroy(task);
	return done;
}

static int list_names(void)
{
	struct dm_task *task = dm_task_create(DM_DEVICE_LIST);
	struct dm_names *names;
	int done;

	done = task && dm_task_run(task) && (names = dm_task_get_names(task));
	/* Without a device, there is one that is none. */
	while (done && names->dev) {
		fprintf(output, "%s\n", names->name);
		if (!names->next)
			break;
		names = (void *)((char *)names + names->next);
	}
	if (task)
		dm_task_destroy(task);
	return done;
}

static int list_targets(void)
{
	struct dm_task *task = dm_task_create(DM_DEVICE_LIST_VERSIONS);
	struct dm_versions *target, *last = NULL;
	int done;

	done = task && dm_task_run(task) && (target = dm_task_get_versions(task));
	/* The last one is its own next. */
	for (; done && target != last; target = (void *)((char *)target + target->next)) {
		last = target;
		fprintf(output, "%s v%u.%u.%u\n", target->name, target->version[0],
			target->version[1], target->version[2]);
	}
	if (task)
		dm_task_destroy(task);
	return done;
}

static int move_page(const char *path, int to_device)
{
	static char page[4096] __attribute__((aligned(4096)));
	int file = open(path, (to_device ? O_WRONLY : O_RDONLY) | O_DIRECT | O_CLOEXEC);
	ssize_t n = -1;

	if (file >= 0) {
		memset(page, 0, sizeof(page));
		n = to_device ? write(file, page, sizeof(page)) :
				read(file, page, sizeof(page));
	}
	if (n < 0)
		fprintf(output, "%s: %m\n", path);
	else if (n != sizeof(page))
		fprintf(output, "%s: %zd bytes\n", path, n);
	if (file >= 0)
		close(file);
	return n == sizeof(page);
}

static int pause_for(const char *seconds)
{
	double wanted = strtod(seconds, NULL);
	struct timespec time = { .tv_sec = wanted };

	time.tv_nsec = (wanted - time.tv_sec) * 1e9;
	return !nanosleep(&time, NULL);
}

/* A record is "PRIORITY,NUMBER,TIME,FLAGS;TEXT\n", and then lines of a dictionary. */
static void print_record(const char *record)
{
	const char *p = strchr(record, ';');
	unsigned int c;

	for (p = p ? p + 1 : record; *p && *p != '\n'; p++) {
		/* What is not printable, and the backslash itself. */
		if (p[0] == '\\' && p[1] == 'x' && sscanf(p + 2, "%2x", &c) == 1) {
			fputc(c, output);
			p += 3;
		} else {
			fputc(*p, output);
		}
	}
	fputc('\n', output);
}

static int print_messages(int kmsg)
{
	static char record[8193];
	ssize_t n;

	for (;;) {
		n = read(kmsg, record, sizeof(record) - 1);
		/* The oldest ones can be gone. */
		if (n < 0 && errno == EPIPE)
			continue;
		if (n <= 0)
			break;
		record[n] = '\0';
		print_record(record);
	}
	if (n < 0 && errno == EAGAIN)
		return 1;
	fprintf(output, "/dev/kmsg: %m\n");
	return 0;
}

static int serve(char **words, int count, int kmsg)
{
	static const struct {
		const char *name;
		int type;
	} tasks[] = {
		{ "suspend", DM_DEVICE_SUSPEND },
		{ "resume", DM_DEVICE_RESUME },
		{ "clear", DM_DEVICE_CLEAR },
		{ "info", DM_DEVICE_INFO },
		{ "remove", DM_DEVICE_REMOVE },
		{ "target-version", DM_DEVICE_GET_TARGET_VERSION },
	};
	int i, done = 1;
	size_t t;

	if (!strcmp(words[0], "messages"))
		return print_messages(kmsg);
	if (!strcmp(words[0], "forget"))
		return lseek(kmsg, 0, SEEK_END) >= 0;
	if (!strcmp(words[0], "pause") && count == 2)
		return pause_for(words[1]);
	if (!strcmp(words[0], "ls"))
		return list_names();
	if (!strcmp(words[0], "targets"))
		return list_targets();
	if (!strcmp(words[0], "read") || !strcmp(words[0], "empty")) {
		for (i = 1; i < count; i++)
			done &= move_page(words[i], words[0][0] == 'e');
		return done;
	}
	if (!strcmp(words[0], "create") && count == 3)
		return run(DM_DEVICE_CREATE, words[1], words[2]);
	if (!strcmp(words[0], "reload") && count == 3)
		return run(DM_DEVICE_RELOAD, words[1], words[2]);
	if (!strcmp(words[0], "table") && count == 2)
		return print_lines(DM_DEVICE_TABLE, words[1]);
	if (!strcmp(words[0], "status") && count == 2)
		return print_lines(DM_DEVICE_STATUS, words[1]);
	for (t = 0; t < sizeof(tasks) / sizeof(tasks[0]); t++) {
		if (strcmp(words[0], tasks[t].name))
			continue;
		for (i = 1; i < count; i++)
			done &= run(tasks[t].type, words[i], NULL);
		return done;
	}
	fprintf(output, "mapper: what is '%s'?\n", words[0]);
	return 0;
}

/* Returns the next word of standard input, to be freed, or NULL at its end. */
static char *next_word(void)
{
	char *word = NULL;
	size_t size = 0;

	if (getdelim(&word, &size, '\0', stdin) >= 0)
		return word;
	free(word);
	return NULL;
}

int main(int argc, char **argv)
{
	char *words[WORDS], *number;
	int kmsg, i, count, done;

	if (argc != 2 || !(output = fopen(argv[1], "w"))) {
		perror("usage: mapper FILE");
		return 2;
	}
	kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (kmsg < 0 || lseek(kmsg, 0, SEEK_END) < 0) {
		perror("/dev/kmsg");
		return 2;
	}
	dm_log_with_errno_init(say);

	while ((number = next_word())) {
		count = atoi(number);
		free(number);
		if (count < 1 || count > WORDS)
			return 2;
		for (i = 0; i < count; i++) {
			words[i] = next_word();
			if (!words[i])
				return 2;
		}
		rewind(output);
		if (ftruncate(fileno(output), 0))
			return 2;
		done = serve(words, count, kmsg);
		if (!done && strcmp(words[0], "messages"))
			fputs("Command failed.\n", output);
		fflush(output);
		for (i = 0; i < count; i++)
			free(words[i]);
		printf("%d %ld\n", !done, ftell(output));
		fflush(stdout);
	}
	return 0;
}
