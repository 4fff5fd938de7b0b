// SPDX-License-Identifier: GPL-2.0-only
/*
 * dm-linear-guard: what the module of that name serves, would refuse, and has refused.
 *
 * Copyright (C) 2026 The dm-linear-guard developers
 *
 * This file is the command line; each command has a file of its own, and below these are
 *
 *	rules.c		what the module refuses, without asking it
 *	stack.c		devices and what is stacked on what
 *	table.c		tables, and which devices a target opens
 *	sysfs.c, hidden.c, mapper.c, module.c, kmsg.c	where all that is read
 *	columns.c, json.c, text.c	how it is printed
 */

#include <getopt.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "columns.h"
#include "command.h"
#include "mapper.h"
#include "say.h"
#include "system.h"

static const struct command * const commands[] = {
	&command_status, &command_check, &command_adopt, &command_release, &command_why,
};

static const char exit_statuses[] =
	"Exit status:\n"
	"   0  all is well: accepted, moved, guarded\n"
	"   1  refused, not moved, or nothing to explain; status: there is a loop, or too\n"
	"      deep a stack\n"
	"   2  the command line makes no sense\n"
	"   3  it takes root\n"
	"   4  the module is not loaded\n"
	"   5  there is no such device\n"
	"   6  check: accepted, although it closes a loop or is too deep\n"
	"   7  something failed, as standard error says\n"
	"   8  status: not all is guarded: devices, new tables, or other drivers' loads\n"
	"   9  there is, or would be, a loop that the module cannot see\n"
	"  10  status: another version is installed, or a kernel without the module\n"
	"  11  check: cannot be foretold\n";

static void print_help(FILE *file)
{
	size_t i;

	fputs("Usage: dm-linear-guard COMMAND [ARGUMENT...]\n\n", file);
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(file, "  %-8s %s\n", commands[i]->name, commands[i]->summary);
	fprintf(file, "  %-8s the same as COMMAND --help\n\n", "help");
	fputs("  -h, --help          print this, or what a command takes\n"
	      "      --sysroot DIR   look at a copy of a system\n"
	      "      --version       print the version\n"
	      "\n", file);
	fputs(exit_statuses, file);
}

static void print_command_help(const struct command *command)
{
	printf("Usage: dm-linear-guard %s\n\n%s%s  -h, --help          print this\n"
	       "      --sysroot DIR   look at a copy of a system\n",
	       command->usage, command->summary, "\n\n");
	fputs(command->help, stdout);
	if (command == &command_status) {
		puts("\nColumns:");
		layout_help(stdout);
	}
}

/**
 * usage_error() - end with what is wrong with the command line
 */
void usage_error(const struct command *command, const char *format, ...)
{
	va_list arguments;

	fputs("dm-linear-guard: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fprintf(stderr, "\nUsage: dm-linear-guard %s\n", command->usage);
	exit(STATUS_USAGE);
}

/**
 * common_option() - an option that every command has
 * @command: which
 * @option: from getopt_long()
 * @argument: of it
 */
void common_option(const struct command *command, int option, const char *argument)
{
	switch (option) {
	case 'h':
	case OPTION_HELP:
		print_command_help(command);
		exit(end_output(STATUS_FINE));
	case OPTION_SYSROOT:
		system_set_root(argument);
		return;
	default:
		/* getopt_long() has said what is wrong. */
		fprintf(stderr, "Usage: dm-linear-guard %s\n", command->usage);
		exit(STATUS_USAGE);
	}
}

static const struct command *find_command(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}

static int help(const char *name)
{
	const struct command *command;

	if (!name) {
		print_help(stdout);
		return STATUS_FINE;
	}
	command = find_command(name);
	if (!command)
		die(STATUS_USAGE, "no command \"%s\"; dm-linear-guard --help lists all", name);
	print_command_help(command);
	return STATUS_FINE;
}

int main(int argc, char **argv)
{
	const struct command *command;
	const char *name = argc > 1 ? argv[1] : NULL;

	setlocale(LC_ALL, "");
	mapper_init();
	if (!name) {
		print_help(stderr);
		return STATUS_USAGE;
	}
	if (!strcmp(name, "--help") || !strcmp(name, "-h"))
		return end_output(help(NULL));
	if (!strcmp(name, "help"))
		return end_output(help(argv[2]));
	if (!strcmp(name, "--version") || !strcmp(name, "-V")) {
		puts("dm-linear-guard " DM_LINEAR_GUARD_VERSION);
		return end_output(STATUS_FINE);
	}
	command = find_command(name);
	if (!command)
		die(STATUS_USAGE, "no command \"%s\"; dm-linear-guard --help lists all", name);
	/* What getopt_long() says begins with this. */
	argv[1] = argv[0];
	return end_output(command->run(argc - 1, argv + 1));
}
