// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hold the locks of directories, as any user can.
 *
 * Usage: hold [-k] DIRECTORY...
 *
 * Becomes an ordinary user and mounts a FUSE file system in a user namespace of its
 * own.  Each directory is then held by two processes: one reads it into a page of a
 * file that the file system never delivers, which keeps the directory's lock, shared,
 * for as long; another makes a file in it and waits for the lock, exclusive, so that
 * nobody else gets it.  A third reads the directory as anybody does, to show that.
 *
 * -k: the page is reached after "." and "..", where kernfs has a lock of its own from
 * 7.2 on, one for all of sysfs.  A second file system is mounted, which is to be shown
 * in sysfs, so that it waits for that lock, exclusive.
 *
 * Prints "held" when all of them wait.  Lets go on SIGTERM, and exits with 0 if they
 * all have waited until then, the mount aside, else with 1.
 */
#define _GNU_SOURCE

#include <fcntl.h>
#include <limits.h>
#include <linux/fuse.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "user.h"

/* In our own mount namespace, any directory will do. */
#define MOUNT_POINT "/tmp"
#define PAGES 64

struct held {
	const char *path;
	int dir;		/* of the one who reads into the page */
	int dir_again;		/* of the two who wait */
	pid_t reader;
	pid_t maker;
	pid_t waiter;
};

static struct held held[PAGES];
static int count;
static size_t page_size;
static bool in_kernfs;
static pid_t mounter;

/* A child that does not outlive us, whatever we die of. */
static pid_t start(void)
{
	pid_t pid = fork();

	if (pid < 0)
		fail("fork");
	if (!pid && prctl(PR_SET_PDEATHSIG, SIGKILL))
		fail("prctl");
	return pid;
}

static void write_file(const char *path, const char *text)
{
	int file = open(path, O_WRONLY);

	if (file < 0 || write(file, text, strlen(text)) < 0)
		fail(path);
	close(file);
}

/* Root of a user namespace, with mounts of its own. */
static void enter_namespace(void)
{
	char map[32];

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS))
		fail("unshare");
	write_file("/proc/self/setgroups", "deny");
	snprintf(map, sizeof(map), "0 %d 1", NOBODY);
	write_file("/proc/self/uid_map", map);
	write_file("/proc/self/gid_map", map);
}

/* Mount a file system that we serve by the descriptor that is returned. */
static int mount_fuse(void)
{
	char options[80];
	int fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC);

	if (fuse < 0)
		fail("/dev/fuse");
	snprintf(options, sizeof(options),
		 "fd=%d,rootmode=40000,user_id=0,group_id=0", fuse);
	if (mount("hold", MOUNT_POINT, "fuse", MS_NOSUID | MS_NODEV, options))
		fail("mount");
	return fuse;
}

static void answer(int fuse, const struct fuse_in_header *in, int error,
		   const void *data, size_t size)
{
	struct fuse_out_header out = {
		.len = sizeof(out) + size,
		.error = -error,
		.unique = in->unique,
	};
	struct iovec parts[] = { { &out, sizeof(out) }, { (void *)data, size } };

	if (writev(fuse, parts, 2) < 0 && errno != ENOENT)
		fail("writev");
}

static struct fuse_attr attributes(uint64_t node)
{
	struct fuse_attr attr = {
		.ino = node,
		.size = PAGES * page_size,
		.mode = node == FUSE_ROOT_ID ? S_IFDIR | 0755 : S_IFREG | 0644,
		.nlink = 1,
	};

	return attr;
}

/*
 * Serve a directory that has every name, all of them one file, which can be opened
 * and is never read: to arrived goes a byte for each page that is asked for, its
 * number.
 */
static void serve(int fuse, int arrived)
{
	static char request[FUSE_MIN_READ_BUFFER + 4096];
	const struct fuse_in_header *in = (const void *)request;
	const struct fuse_init_in *init = (const void *)(in + 1);
	const struct fuse_read_in *page = (const void *)(in + 1);
	unsigned char number;
	ssize_t size;

	for (;;) {
		struct fuse_init_out started = {
			.major = FUSE_KERNEL_VERSION,
			.max_write = 4096,
		};
		struct fuse_entry_out entry = {
			.nodeid = FUSE_ROOT_ID + 1,
			.entry_valid = INT_MAX,
			.attr_valid = INT_MAX,
			.attr = attributes(FUSE_ROOT_ID + 1),
		};
		struct fuse_attr_out attr = { .attr_valid = INT_MAX };
		struct fuse_open_out opened = { .fh = 0 };

		size = read(fuse, request, sizeof(request));
		if (size < 0 && (errno == EINTR || errno == ENOENT))
			continue;
		if (size < (ssize_t)sizeof(*in))
			fail("/dev/fuse");

		switch (in->opcode) {
		case FUSE_INIT:
			started.minor = init->minor < FUSE_KERNEL_MINOR_VERSION ?
				init->minor : FUSE_KERNEL_MINOR_VERSION;
			answer(fuse, in, 0, &started, sizeof(started));
			break;
		case FUSE_LOOKUP:
			answer(fuse, in, 0, &entry, sizeof(entry));
			break;
		case FUSE_GETATTR:
			attr.attr = attributes(in->nodeid);
			answer(fuse, in, 0, &attr, sizeof(attr));
			break;
		case FUSE_OPEN:
			answer(fuse, in, 0, &opened, sizeof(opened));
			break;
		case FUSE_READ:
			number = page->offset / page_size;
			if (write(arrived, &number, 1) != 1)
				fail("write");
			break;
		case FUSE_FORGET:
		case FUSE_BATCH_FORGET:
		case FUSE_INTERRUPT:
			break;
		default:
			answer(fuse, in, ENOSYS, NULL, 0);
		}
	}
}

/* Read a directory into the page of that number, which never comes. */
static void read_into_page(int dir, int file, int number)
{
	size_t before = in_kernfs ? DOTS : 0;
	char *buffer = mmap(NULL, 2 * page_size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (buffer == MAP_FAILED)
		fail("mmap");
	memset(buffer, 0, page_size);
	if (mmap(buffer + page_size, page_size, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_FIXED, file, number * page_size) == MAP_FAILED)
		fail("mmap");
	/* Each page is asked for alone. */
	if (madvise(buffer + page_size, page_size, MADV_RANDOM))
		fail("madvise");
	read_entries(dir, buffer + page_size - before, before + page_size);
}

/* Does a process wait, and not for a signal? */
static bool waits(pid_t pid)
{
	char path[32], text[256];
	const char *end;
	ssize_t size;
	int file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = open(path, O_RDONLY);
	if (file < 0)
		fail(path);
	size = read(file, text, sizeof(text) - 1);
	if (size < 0)
		fail(path);
	close(file);
	text[size] = '\0';
	/* The state follows the name, which is in brackets. */
	end = strrchr(text, ')');
	return end && end[1] == ' ' && end[2] == 'D';
}

static bool has_ended(pid_t pid)
{
	siginfo_t info = { .si_pid = 0 };

	if (waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT))
		fail("waitid");
	return info.si_pid;
}

static void await(pid_t pid)
{
	while (!waits(pid) && !has_ended(pid))
		usleep(10000);
}

/*
 * Start the one who reads as anybody does.  If the maker has waited for something else
 * than the lock, and not yet for that, this one gets it, and is started again.
 */
static void start_waiter(struct held *h)
{
	static char entries[4096];

	for (;;) {
		h->waiter = start();
		if (!h->waiter) {
			if (lseek(h->dir_again, 0, SEEK_SET))
				fail("lseek");
			read_entries(h->dir_again, entries, sizeof(entries));
			exit(0);
		}
		await(h->waiter);
		if (!has_ended(h->waiter) || has_ended(h->reader) ||
		    has_ended(h->maker))
			return;
		waitpid(h->waiter, NULL, 0);
	}
}

static void hold_all(int file, int arrived)
{
	unsigned char number;
	int i;

	for (i = 0; i < count; i++) {
		held[i].reader = start();
		if (!held[i].reader) {
			read_into_page(held[i].dir, file, i);
			exit(0);
		}
		/* Not before it has the lock; a page can be asked for twice. */
		do {
			if (read(arrived, &number, 1) != 1)
				fail("the page is not asked for");
		} while (number != i);
	}
	for (i = 0; i < count; i++) {
		held[i].maker = start();
		if (!held[i].maker) {
			openat(held[i].dir_again, "held", O_CREAT | O_WRONLY, 0600);
			exit(0);
		}
	}
	for (i = 0; i < count; i++)
		await(held[i].maker);
	for (i = 0; i < count; i++)
		start_waiter(&held[i]);
	if (in_kernfs) {
		mounter = start();
		if (!mounter) {
			mount_fuse();
			exit(0);
		}
		await(mounter);
	}
}

/* All of them wait still; else say who does not. */
static bool all_wait(void)
{
	bool all = true;
	int i;

	for (i = 0; i < count; i++) {
		if (has_ended(held[i].reader) || has_ended(held[i].maker) ||
		    has_ended(held[i].waiter)) {
			printf("%s is not held\n", held[i].path);
			all = false;
		}
	}
	return all;
}

int main(int argc, char **argv)
{
	int opt, fuse, file, signal, arrived[2];
	sigset_t signals;
	pid_t server;
	bool all;

	while ((opt = getopt(argc, argv, "k")) != -1) {
		if (opt != 'k')
			return 2;
		in_kernfs = true;
	}
	if (optind == argc || argc - optind > PAGES) {
		fprintf(stderr, "usage: hold [-k] DIRECTORY...\n");
		return 2;
	}
	page_size = sysconf(_SC_PAGESIZE);
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);

	become_nobody();
	/* All of them now, as a look-up may wait for one that is held. */
	for (; optind < argc; optind++, count++) {
		struct held *h = &held[count];

		h->path = argv[optind];
		h->dir = open(h->path, O_RDONLY | O_DIRECTORY);
		h->dir_again = open(h->path, O_RDONLY | O_DIRECTORY);
		if (h->dir < 0 || h->dir_again < 0)
			fail(h->path);
	}

	enter_namespace();
	fuse = mount_fuse();
	if (pipe(arrived))
		fail("pipe");
	server = start();
	if (!server)
		serve(fuse, arrived[1]);
	/* The server's alone: with it goes the file system, and what waits for that. */
	close(fuse);
	close(arrived[1]);
	file = open(MOUNT_POINT "/pages", O_RDONLY);
	if (file < 0)
		fail(MOUNT_POINT);

	hold_all(file, arrived[0]);
	all = all_wait();
	if (all) {
		say("held");
		sigwait(&signals, &signal);
		all = all_wait();
		if (mounter && !has_ended(mounter))
			say("a mount has waited for kernfs until now");
	}
	kill(server, SIGKILL);
	while (wait(NULL) > 0)
		;
	return all ? 0 : 1;
}
