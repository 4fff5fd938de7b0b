// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's log.
 *
 * Copyright (C) 2026 The dm-linear-guard developers
 *
 * Each read() of /dev/kmsg returns one record,
 * "PRIORITY,NUMBER,MICROSECONDS,FLAGS;TEXT\n", and then lines of a dictionary.
 */

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "kmsg.h"
#include "say.h"
#include "system.h"
#include "text.h"

/* As long as the kernel makes one. */
#define RECORD_SIZE 8192

struct record {
	char buffer[RECORD_SIZE + 1];
	char *text;
	uint64_t seconds;
};

/* Its text, in which what is not printable is as in \x0a, and a backslash as \x5c. */
static void read_text(struct record *record)
{
	char *p = strchr(record->buffer, ';'), *raw;
	unsigned long long microseconds;

	if (sscanf(record->buffer, "%*u,%*u,%llu", &microseconds) != 1)
		microseconds = 0;
	record->seconds = microseconds / 1000000;
	record->text = p ? p + 1 : record->buffer;
	record->text[strcspn(record->text, "\n")] = '\0';
	raw = text_unmangled(record->text);
	/* It is no longer than it was. */
	memcpy(record->text, raw, strlen(raw) + 1);
	free(raw);
}

static bool next_record(int kmsg, struct record *record)
{
	ssize_t length;

	do {
		length = read(kmsg, record->buffer, RECORD_SIZE);
		/* The oldest ones can be gone. */
	} while (length < 0 && (errno == EPIPE || errno == EINTR));
	if (length <= 0)
		return false;
	record->buffer[length] = '\0';
	read_text(record);
	return true;
}

/**
 * kmsg_last() - find the last record that begins so
 * @patterns: beginnings, up to NULL
 * @text: receives what it says
 * @size: of @text
 * @seconds: receives when, since boot
 *
 * Return: false if there is none, or the log cannot be read.
 */
bool kmsg_last(const char * const *patterns, char *text, size_t size, uint64_t *seconds)
{
	int kmsg = system_open("dev/kmsg", O_RDONLY | O_NONBLOCK);
	struct record record;
	bool found = false;
	size_t i;

	if (kmsg < 0)
		return false;
	while (next_record(kmsg, &record)) {
		for (i = 0; patterns[i]; i++) {
			if (strncmp(record.text, patterns[i], strlen(patterns[i])))
				continue;
			snprintf(text, size, "%s", record.text);
			*seconds = record.seconds;
			found = true;
		}
	}
	close(kmsg);
	return found;
}

/**
 * kmsg_mark() - remember how far the log has come
 *
 * Return: for kmsg_say_since(), which closes it; or a negative errno.
 */
int kmsg_mark(void)
{
	int kmsg = system_open("dev/kmsg", O_RDONLY | O_NONBLOCK), error;

	if (kmsg < 0)
		return -errno;
	if (lseek(kmsg, 0, SEEK_END) < 0) {
		error = errno;
		close(kmsg);
		return -error;
	}
	return kmsg;
}

/* Is this device-mapper's, and of that device? */
static bool is_about(const char *text, const char *number, const char *kname)
{
	return !strncmp(text, "device-mapper: ", strlen("device-mapper: ")) &&
		(strstr(text, number) || strstr(text, kname));
}

/**
 * kmsg_say_since() - repeat what the log says of a device since then
 * @mark: from kmsg_mark()
 * @number: of the device
 * @kname: of it
 */
void kmsg_say_since(int mark, dev_t number, const char *kname)
{
	struct record record;
	char text[32], *name, *shown;

	if (mark < 0) {
		say("the kernel's log cannot be read: %s", strerror(-mark));
		return;
	}
	snprintf(text, sizeof(text), " %u:%u: ", major(number), minor(number));
	/* As the guard writes it, behind the name. */
	name = format_text("(%s)", kname);
	while (next_record(mark, &record)) {
		if (!is_about(record.text, text, name))
			continue;
		shown = text_shown(record.text);
		say("kernel: %s", shown);
		free(shown);
	}
	free(name);
	close(mark);
}
