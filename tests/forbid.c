// SPDX-License-Identifier: GPL-2.0-only
/*
 * Let a program open and read nothing in sysfs, as a virus scanner can.
 *
 * Usage: forbid [-d] PROGRAM
 *
 * Has fanotify ask about all that is opened and read there, and allows it to others
 * than processes of that name, which are never answered.  Prints "asks" when it has
 * begun, and "asked" when one of them has come.  Ends when it is killed.
 *
 * -d: deny it to them
 */
#define _GNU_SOURCE

#include <fcntl.h>
#include <stdbool.h>
#include <sys/fanotify.h>

#include "user.h"

/* Is that a process of the program's? */
static bool is_of(pid_t pid, const char *program)
{
	char path[32], name[32];
	ssize_t size;
	int file;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return false;
	size = read(file, name, sizeof(name) - 1);
	close(file);
	if (size <= 0)
		return false;
	name[size] = '\0';
	name[strcspn(name, "\n")] = '\0';
	return !strcmp(name, program);
}

int main(int argc, char **argv)
{
	bool denies = argc > 1 && !strcmp(argv[1], "-d"), asked = false;
	const char *program = argv[1 + denies];
	struct fanotify_event_metadata events[64], *event;
	ssize_t size;
	int fanotify;

	if (!program || strlen(program) > 15) {
		fprintf(stderr, "usage: forbid [-d] PROGRAM\n");
		return 2;
	}
	fanotify = fanotify_init(FAN_CLASS_CONTENT | FAN_CLOEXEC, O_RDONLY | O_CLOEXEC);
	if (fanotify < 0)
		fail("fanotify_init");
	if (fanotify_mark(fanotify, FAN_MARK_ADD | FAN_MARK_FILESYSTEM,
			  FAN_OPEN_PERM | FAN_ACCESS_PERM | FAN_ONDIR, AT_FDCWD, "/sys"))
		fail("fanotify_mark");
	say("asks");

	for (;;) {
		size = read(fanotify, events, sizeof(events));
		if (size < 0 && errno != EINTR)
			fail("read");
		for (event = events; FAN_EVENT_OK(event, size);
		     event = FAN_EVENT_NEXT(event, size)) {
			struct fanotify_response response = {
				.fd = event->fd,
				.response = FAN_ALLOW,
			};

			if (is_of(event->pid, program)) {
				if (!asked)
					say("asked");
				asked = true;
				/* Its descriptor stays, as answers are told apart by it. */
				if (!denies)
					continue;
				response.response = FAN_DENY;
			}
			if (write(fanotify, &response, sizeof(response)) < 0 &&
			    errno != ENOENT)
				fail("write");
			close(event->fd);
		}
	}
}
