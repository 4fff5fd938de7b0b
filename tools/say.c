// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages, and the ends of this program.
 *
 * Copyright (C) 2026 The dm-linear-guard developers
 */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "say.h"

static void __attribute__((format(printf, 1, 0)))
vsay(const char *format, va_list arguments)
{
	/* What is on standard output came before. */
	fflush(stdout);
	fputs("dm-linear-guard: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
}

/**
 * say() - a line on standard error
 */
void say(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsay(format, arguments);
	va_end(arguments);
}

/**
 * die() - the last line on standard error
 */
void die(int status, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsay(format, arguments);
	va_end(arguments);
	exit(status);
}

/**
 * need() - nothing here goes on without memory
 * @memory: from an allocator
 */
void *need(void *memory)
{
	if (!memory)
		die(STATUS_FAILED, "out of memory");
	return memory;
}

/**
 * grow() - room for one more
 * @array: of so many elements, or NULL
 * @count: that are in use
 * @room: that there is memory for; changes
 * @size: of one
 *
 * Return: the array, which may have moved.
 */
void *grow(void *array, size_t count, size_t *room, size_t size)
{
	if (count < *room)
		return need(array);
	*room = *room ? *room * 2 : 8;
	return need(reallocarray(array, *room, size));
}

/**
 * format_text() - as asprintf()
 *
 * Return: to be freed.
 */
char *format_text(const char *format, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	va_end(arguments);
	return need(text);
}

void need_root(const char *what)
{
	if (geteuid())
		die(STATUS_NOT_ROOT, "%s needs root", what);
}

/* Why the output failed first: at the end, there may be nothing left to write. */
static int output_error;

void write_output(const char *text, size_t size)
{
	if (fwrite(text, 1, size, stdout) < size && !output_error)
		output_error = errno;
}

void flush_output(void)
{
	if (fflush(stdout) && !output_error)
		output_error = errno;
}

/**
 * end_output() - has all been written that was printed?
 * @status: what to exit with if it has
 *
 * A full disk or a closed pipe is seen only now.
 *
 * Return: a status.
 */
int end_output(int status)
{
	bool failed;

	flush_output();
	failed = ferror(stdout);
	errno = output_error;
	if (fclose(stdout))
		failed = true;
	if (!failed)
		return status;
	say("standard output: %s", errno ? strerror(errno) : "write error");
	return STATUS_FAILED;
}
