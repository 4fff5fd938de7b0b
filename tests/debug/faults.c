// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does something again and again, while the first, the second... allocation of
 * the kernel's on the way fails, until it comes to its end without.
 *
 * Usage: faults [-e ERROR] [-o ERROR] [-s DESCRIPTOR] [-w NAME]... COMMAND...
 *	load NAME PARAMETERS	load a linear table of 8 sectors, and clear it
 *	first NAME PARAMETERS	the same for a device that is created for it
 *	resume NAME		suspend, load the live table again, and resume
 *	write FILE TEXT UNDO	write to a parameter
 *	insert FILE		load a module
 * TYPE in the environment: another target than linear.
 *
 * Each must end well, or in ENOMEM, or if -e is given, in ERROR or ENOMEM, and
 * in ERROR without a failure; with -o, another ERROR is as good as ENOMEM, as core
 * says so.  After each, the devices that -w names must have the tables, in both
 * slots, and be open as often as before, and the module must have as many users.
 * Exits with 1 if not.  With -s, a sign of life goes there each ten seconds: most of
 * them can pass in waiting for grace periods.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "../raw.h"

static int nth;
static const char *watched[8];
static int watches;

static int call(unsigned long command)
{
	return ioctl(control, command, &dm) ? errno : 0;
}

static int simply(unsigned long command, const char *name, unsigned int flags)
{
	prepare(name, flags);
	return call(command);
}

static void must(int r, const char *what)
{
	if (!r)
		return;
	fprintf(stderr, "%s: %s\n", what, strerror(r));
	exit(2);
}

static const char *type(void)
{
	return getenv("TYPE") ?: "linear";
}

static void arm(int n)
{
	dprintf(nth, "%d", n);
}

/* What came of it: r if one failed, else less than 0; none will from now on. */
static int disarm(int r)
{
	char text[16] = "";

	must(pread(nth, text, sizeof(text) - 1, 0) < 0 ? errno : 0, "fail-nth");
	arm(0);
	return atoi(text) == 0 ? r : -r - 1;
}

static char **arg;

static int try_load(int n)
{
	prepare_load(arg[1], type(), 8, arg[2]);
	arm(n);
	return disarm(call(DM_TABLE_LOAD));
}

static int load(int n)
{
	int r = try_load(n);

	must(simply(DM_TABLE_CLEAR, arg[1], 0), "clear");
	return r;
}

static int first(int n)
{
	int r;

	must(simply(DM_DEV_CREATE, arg[1], 0), "create");
	r = try_load(n);
	must(simply(DM_DEV_REMOVE, arg[1], 0), "remove");
	return r;
}

static int resume(int n)
{
	char parameters[256];
	int r, result;

	must(simply(DM_TABLE_STATUS, arg[1], DM_STATUS_TABLE_FLAG), arg[1]);
	snprintf(parameters, sizeof(parameters), "%s",
		 dm.room + dm.ioctl.data_start + sizeof(struct dm_target_spec));
	prepare_load(arg[1], type(), 8, parameters);
	must(call(DM_TABLE_LOAD), "load");
	prepare(arg[1], 0);
	arm(n);
	r = call(DM_DEV_SUSPEND);
	result = disarm(r);
	if (r)
		must(simply(DM_DEV_SUSPEND, arg[1], 0), "resume");
	return result;
}

static int put(const char *path, const char *text, int n)
{
	int fd = open(path, O_WRONLY), r = 0;

	must(fd < 0 ? errno : 0, path);
	arm(n);
	if (write(fd, text, strlen(text)) < 0)
		r = errno;
	r = disarm(r);
	close(fd);
	return r;
}

static int put_and_undo(int n)
{
	int r = put(arg[1], arg[2], n);

	must(put(arg[1], arg[3], 0), arg[3]);
	return r;
}

static int insert(int n)
{
	static char image[8 << 20];
	static size_t size;
	int r = 0, result;

	if (!size) {
		FILE *file = fopen(arg[1], "r");

		must(file ? 0 : errno, arg[1]);
		size = fread(image, 1, sizeof(image), file);
		fclose(file);
	}
	arm(n);
	if (syscall(SYS_init_module, image, size, ""))
		r = errno;
	result = disarm(r);
	if (!r)
		must(syscall(SYS_delete_module, "dm_linear_guard", 0) ? errno : 0,
		     "delete_module");
	return result;
}

static const struct {
	const char *name;
	int arguments;
	/* Fail the n-th: 0 or an errno, or if none failed, less than 0. */
	int (*run)(int n);
} commands[] = {
	{ "load", 2, load },
	{ "first", 2, first },
	{ "resume", 1, resume },
	{ "write", 3, put_and_undo },
	{ "insert", 1, insert },
};

int main(int argc, char **argv)
{
	int (*run)(int n) = NULL;
	int option, n, r, wrong = 0, good = 0, bad = 0, error = 0, other = 0, signs = -1;
	char before[4096], after[4096];
	time_t said;
	size_t i;

	while ((option = getopt(argc, argv, "+e:o:s:w:")) != -1) {
		if (option == 'e')
			error = atoi(optarg);
		else if (option == 'o')
			other = atoi(optarg);
		else if (option == 's')
			signs = atoi(optarg);
		else if (option == 'w' && watches < 8)
			watched[watches++] = optarg;
		else
			return 2;
	}
	arg = argv + optind;
	argc -= optind;
	for (i = 0; argc && i < sizeof(commands) / sizeof(*commands); i++)
		if (!strcmp(arg[0], commands[i].name) &&
		    argc == commands[i].arguments + 1)
			run = commands[i].run;
	if (!run) {
		fprintf(stderr, "usage: faults [-e ERROR] [-o ERROR] [-s DESCRIPTOR] [-w NAME]... COMMAND...\n");
		return 2;
	}
	control = open("/dev/mapper/control", O_RDWR | O_CLOEXEC);
	nth = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	must(control < 0 || nth < 0 ? errno : 0, "open");

	/* Once without, so that nothing is done for the first time later. */
	run(0);
	look(before, sizeof(before), watched, watches);
	said = time(NULL);
	for (n = 1; ; n++) {
		if (signs >= 0 && time(NULL) - said >= 10) {
			said = time(NULL);
			dprintf(signs, "# allocation %d\n", n);
		}
		r = run(n);
		look(after, sizeof(after), watched, watches);
		if (strcmp(before, after)) {
			printf("allocation %d, before: %s\n"
			       "allocation %d, after:  %s\n", n, before, n, after);
			return 1;
		}
		if (r < 0)
			break;
		if (!r && !error)
			good++;
		else if (r == ENOMEM || (r && (r == error || r == other)))
			bad++;
		else if (wrong++ < 10)
			printf("allocation %d: %s\n", n, strerror(r));
	}
	printf("%d allocations: %d fatal, %d not, %d wrong; without: %s\n",
	       n - 1, bad, good, wrong, strerror(-r - 1));
	return wrong || n == 1 || -r - 1 != error;
}
