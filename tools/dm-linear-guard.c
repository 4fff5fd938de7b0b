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

/* Behind what each command has of its own. */
static const char common_statuses[] =
	"   2  the command line is wrong\n"
	"   3  the command needs root\n"
	"   7  something failed, and standard error says what\n";

static void print_help(FILE *file)
{
	size_t i;

	fputs("Usage: dm-linear-guard [OPTION...] COMMAND [ARGUMENT...]\n\n", file);
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(file, "  %-8s %s\n", commands[i]->name, commands[i]->summary);
	fprintf(file, "  %-8s the same as COMMAND --help\n\n", "help");
	fputs("  -h, --help          print this, or what a command takes\n"
	      "      --sysroot DIR   status, check, why: look at a copy of a system\n"
	      "  -V, --version       print the version\n"
	      "\n"
	      "Root is needed for status, adopt, release, and check without TABLE.\n"
	      "\n"
	      "Exit status of all commands:\n", file);
	fputs(common_statuses, file);
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		/* adopt and release have the same. */
		if (commands[i] == &command_release)
			continue;
		fprintf(file, "Of %s%s:\n%s", commands[i]->name,
			commands[i] == &command_adopt ? " and release" : "",
			commands[i]->statuses);
	}
}

static void print_command_help(const struct command *command)
{
	printf("Usage: dm-linear-guard %s\n\n%s\n\n  -h, --help          print this\n",
	       command->usage, command->summary);
	if (!command->live)
		puts("      --sysroot DIR   look at a copy of a system");
	fputs(command->help, stdout);
	if (command == &command_status) {
		puts("\nColumns:");
		layout_help(stdout);
	}
	printf("\nExit status:\n%s%s", command->statuses, common_statuses);
}

/* The last line of what is said of a wrong command line. */
static void __attribute__((noreturn)) end_usage(const struct command *command)
{
	fprintf(stderr, "Try \"dm-linear-guard %s%s--help\".\n", command ? command->name : "",
		command ? " " : "");
	exit(STATUS_USAGE);
}

/**
 * usage_error() - end with what is wrong with the command line
 * @command: of it, or NULL
 */
void usage_error(const struct command *command, const char *format, ...)
{
	va_list arguments;

	fputs("dm-linear-guard: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	end_usage(command);
}

/**
 * common_option() - an option that every command has
 * @command: which, or NULL before it
 * @option: from getopt_long()
 * @argument: of it
 */
void common_option(const struct command *command, int option, const char *argument)
{
	switch (option) {
	case 'h':
	case OPTION_HELP:
		if (command)
			print_command_help(command);
		else
			print_help(stdout);
		exit(end_output(STATUS_FINE));
	case 'V':
		puts("dm-linear-guard " DM_LINEAR_GUARD_VERSION);
		exit(end_output(STATUS_FINE));
	case OPTION_SYSROOT:
		system_set_root(argument);
		return;
	default:
		/* getopt_long() has said what is wrong. */
		end_usage(command);
	}
}

static const struct command *find_command(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	usage_error(NULL, "no command \"%s\"", name);
}

static int help(const char *name)
{
	if (name && strcmp(name, "help"))
		print_command_help(find_command(name));
	else
		print_help(stdout);
	return STATUS_FINE;
}

int main(int argc, char **argv)
{
	static const struct option options[] = { COMMON_OPTIONS, { 0 } };
	static char self[] = "dm-linear-guard";
	const struct command *command;
	int option;

	setlocale(LC_ALL, "");
	mapper_init();
	if (argc < 2) {
		print_help(stderr);
		return STATUS_USAGE;
	}
	/* What getopt_long() says begins with this. */
	argv[0] = self;
	while ((option = getopt_long(argc, argv, "+" COMMON_LETTERS, options, NULL)) != -1)
		common_option(NULL, option, optarg);
	if (optind == argc)
		usage_error(NULL, "give a COMMAND");
	argc -= optind;
	argv += optind;
	if (!strcmp(argv[0], "help"))
		return end_output(help(argv[1]));
	command = find_command(argv[0]);
	argv[0] = self;
	/* getopt_long() begins anew. */
	optind = 0;
	return end_output(command->run(argc, argv));
}
