// SPDX-License-Identifier: GPL-2.0-only
/*
 * Do with a stack of mapped devices what can be done with one: create, reload, suspend,
 * resume, read, remove.
 *
 * Usage: cycle [-f FILE] [-s] TARGET DISK A B C
 *
 * A is on DISK, B on A and C on B, with tables of the TARGET, at the beginning and at
 * the end.  Prints each step before it is made, so that the last line is the one that
 * failed or hangs.  Opens nothing in sysfs, and neither does a library of its.
 *
 * -f: read FILE before, as much of the page cache as there is room for
 * -s: make no device and no link, and remove none, which are made in sysfs
 */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "raw.h"

#define SECTORS 2048

static const char *target;
static char step[256];

static void begin(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(step, sizeof(step), format, args);
	va_end(args);
	puts(step);
	fflush(stdout);
}

static void fail(void)
{
	fprintf(stderr, "%s: %s\n", step, strerror(errno));
	exit(1);
}

static void send(unsigned long request)
{
	if (ioctl(control, request, &dm))
		fail();
}

static void create(const char *name)
{
	begin("create %s", name);
	prepare(name, 0);
	send(DM_DEV_CREATE);
}

static void load(const char *name, dev_t below)
{
	char parameters[64];

	begin("load %s onto %u:%u", name, major(below), minor(below));
	snprintf(parameters, sizeof(parameters), "%u:%u 0", major(below), minor(below));
	prepare_load(name, target, SECTORS, parameters);
	send(DM_TABLE_LOAD);
}

static void suspend(const char *name)
{
	begin("suspend %s", name);
	prepare(name, DM_SUSPEND_FLAG);
	send(DM_DEV_SUSPEND);
}

static void resume(const char *name)
{
	begin("resume %s", name);
	prepare(name, 0);
	send(DM_DEV_SUSPEND);
}

static void remove_device(const char *name)
{
	begin("remove %s", name);
	prepare(name, 0);
	send(DM_DEV_REMOVE);
}

static dev_t number(const char *name)
{
	begin("ask for the number of %s", name);
	prepare(name, 0);
	send(DM_DEV_STATUS);
	return dm.ioctl.dev;
}

/* devtmpfs has it, whatever name it has for others. */
static void read_device(const char *name)
{
	static char buffer[4096] __attribute__((aligned(4096)));
	char path[32];
	int file;

	snprintf(path, sizeof(path), "/dev/dm-%u", minor(number(name)));
	begin("read %s", path);
	file = open(path, O_RDONLY | O_DIRECT);
	if (file < 0 || read(file, buffer, sizeof(buffer)) != sizeof(buffer))
		fail();
	close(file);
}

static void read_file(const char *path)
{
	static char buffer[65536];
	ssize_t size;
	int file;

	begin("read %s", path);
	file = open(path, O_RDONLY);
	if (file < 0)
		fail();
	while ((size = read(file, buffer, sizeof(buffer))) > 0)
		;
	if (size < 0)
		fail();
	close(file);
}

int main(int argc, char **argv)
{
	const char *file = NULL, *a, *b, *c;
	bool links = true;
	struct stat disk;
	dev_t on_a, on_b;
	int opt;

	while ((opt = getopt(argc, argv, "f:s")) != -1) {
		switch (opt) {
		case 'f':
			file = optarg;
			break;
		case 's':
			links = false;
			break;
		default:
			return 2;
		}
	}
	if (argc - optind != 5) {
		fprintf(stderr, "usage: cycle [-f FILE] [-s] TARGET DISK A B C\n");
		return 2;
	}
	target = argv[optind];
	begin("look at %s", argv[optind + 1]);
	if (stat(argv[optind + 1], &disk))
		fail();
	a = argv[optind + 2];
	b = argv[optind + 3];
	c = argv[optind + 4];
	begin("open the control device");
	control = open("/dev/mapper/control", O_RDWR);
	if (control < 0)
		fail();
	on_a = number(a);
	on_b = number(b);
	if (file)
		read_file(file);

	if (links) {
		/* A first load, of what is not there yet. */
		remove_device(c);
		create(c);
		load(c, on_b);
		resume(c);
		/* To another device below, and back. */
		load(b, disk.st_rdev);
		suspend(b);
		resume(b);
	}
	load(b, on_a);
	suspend(b);
	resume(b);
	/* Others are stacked on this one. */
	load(a, disk.st_rdev);
	suspend(a);
	resume(a);
	suspend(a);
	resume(a);
	read_device(c);
	return 0;
}
