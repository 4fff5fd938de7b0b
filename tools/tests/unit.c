// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the command knows without asking anybody: rules, tables, names.
 *
 * Copyright (C) 2026 The dm-linear-guard developers
 *
 * Usage: unit; prints TAP, and exits with 1 if a check fails.  Of random graphs, the
 * answers are compared with those of a model that has nothing in common with rules.c.
 */

#include <errno.h>
#include <libdevmapper.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "lookup.h"
#include "rules.h"
#include "say.h"
#include "stack.h"
#include "table.h"
#include "text.h"

static unsigned int checks, failures;

static void check(const char *description, bool passed)
{
	printf("%sok %u %s\n", passed ? "" : "not ", ++checks, description);
	failures += !passed;
}

static void check_text(const char *description, const char *wanted, const char *got)
{
	bool same = got && !strcmp(wanted, got);

	check(description, same);
	if (!same)
		printf("# wanted '%s', got '%s'\n", wanted, got ? got : "(nothing)");
}

/* Names. */

static void check_shown(const char *description, const char *raw, const char *wanted)
{
	char *shown = text_shown(raw);

	check_text(description, wanted, shown);
	free(shown);
}

static void check_unmangled(const char *description, const char *raw, const char *wanted)
{
	char *name = text_unmangled(raw);

	check_text(description, wanted, name);
	free(name);
}

static void check_quoted(const char *description, const char *word, const char *wanted)
{
	char *quoted = text_quoted(word);

	check_text(description, wanted, quoted);
	free(quoted);
}

static void check_size(const char *description, uint64_t bytes, const char *wanted)
{
	char *size = text_size(bytes);

	check_text(description, wanted, size);
	free(size);
}

static void test_names(void)
{
	check_shown("a blank is shown as it is", "a b", "a b");
	check_shown("a newline is shown in hexadecimal", "a\nb", "a\\x0ab");
	check_shown("a tab is shown in hexadecimal", "a\tb", "a\\x09b");
	check_shown("quotes, a percent sign and a backslash are shown as they are",
		    "\"'%n\\", "\"'%n\\");
	check_shown("the two characters \\x are told from an escape", "a\\x0a", "a\\x5cx0a");
	check_shown("UTF-8 is shown as it is", "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x92\xbe",
		    "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x92\xbe");
	check_shown("invalid UTF-8 is shown in hexadecimal", "caf\xe9.", "caf\\xe9.");
	check_shown("cut UTF-8 is shown in hexadecimal", "\xe2\x82", "\\xe2\\x82");
	check_shown("UTF-8 that is too long is shown in hexadecimal", "\xc0\xaf",
		    "\\xc0\\xaf");
	check_shown("a surrogate is shown in hexadecimal", "\xed\xa0\x80",
		    "\\xed\\xa0\\x80");
	check_shown("a control character of UTF-8 is shown in hexadecimal", "\xc2\x85",
		    "\\xc2\\x85");
	check_shown("an empty name is shown", "", "");
	check_unmangled("a mangled blank is read", "d\\x20e", "d e");
	check_unmangled("mangled UTF-8 is read", "caf\\xc3\\xa9", "caf\xc3\xa9");
	check_unmangled("what is no hexadecimal number is left", "a\\x2", "a\\x2");
	check_unmangled("a mangled zero byte is left", "a\\x00b", "a\\x00b");
	check_quoted("a plain word is not quoted for a shell", "vg-home_1.x", "vg-home_1.x");
	check_quoted("a word with a blank is quoted for a shell", "d e", "'d e'");
	check_quoted("a quote is quoted for a shell", "it's", "'it'\\''s'");
	check_size("sizes below a kibibyte are in bytes", 512, "512B");
	check_size("a size is rounded to a tenth", 1536, "1.5K");
	check_size("whole mebibytes have no tenths", 1048576, "1M");
	check_size("tenths can carry", 1048575, "1024K");
	check_size("the largest size is in exbibytes", UINT64_MAX, "16E");
}

/* Tables. */

static char *read_all(const char *text)
{
	struct table table;
	struct bad_line bad;
	char *out = NULL;
	size_t size, i, j;
	FILE *file = need(open_memstream(&out, &size));

	if (!table_read(&table, text, &bad))
		fprintf(file, "bad line %u", bad.number);
	for (i = 0; i < table.count; i++) {
		fprintf(file, "%llu+%llu %s", (unsigned long long)table.lines[i].start,
			(unsigned long long)table.lines[i].length, table.lines[i].type);
		for (j = 0; j < table.lines[i].count; j++)
			fprintf(file, "|%s", table.lines[i].words[j]);
		fputc(';', file);
	}
	fclose(file);
	table_free(&table);
	return out;
}

static void check_table(const char *description, const char *text, const char *wanted)
{
	char *got = read_all(text);

	check_text(description, wanted, got);
	free(got);
}

static char *opened_by(const char *text, unsigned int kernel)
{
	static const char * const words[] = {
		[KNOWN] = "known", [KNOWN_NOT] = "not known", [KNOWN_BAD] = "bad",
	};
	struct opened opened;
	struct table table;
	struct bad_line bad;
	char *out = NULL;
	size_t size, i;
	FILE *file = need(open_memstream(&out, &size));

	if (table_read(&table, text, &bad) && table.count == 1) {
		fputs(words[table_opens(&table.lines[0], kernel, &opened)], file);
		for (i = 0; i < opened.count; i++)
			fprintf(file, " %s", opened.words[i]);
		opened_free(&opened);
	}
	fclose(file);
	table_free(&table);
	return out;
}

static void check_opens(const char *target, const char *words, const char *wanted)
{
	char *line = format_text("0 8 %s %s", target, words);
	char *got = opened_by(line, 0x0c00);
	char *description = format_text("the devices of '%s %s' are found", target, words);

	check_text(description, wanted, got);
	free(description);
	free(got);
	free(line);
}

static void test_tables(void)
{
	char *got;

	check_table("lines, blank lines and comments are told apart",
		    "0 8 linear /dev/a 0\n\n# no line\n\t8 8 zero\n",
		    "0+8 linear|/dev/a|0;8+8 zero;");
	check_table("a comment can follow words", "0 8 linear /dev/a 0 # here\n",
		    "0+8 linear|/dev/a|0;");
	check_table("a backslash is one of a word's characters",
		    "0 8 linear /dev/a\\ b 0", "0+8 linear|/dev/a\\|b|0;");
	check_table("the byte 0xa0 ends a word, as in the kernel",
		    "0 8 linear /dev/\xc3\xa0 0", "0+8 linear|/dev/\xc3|0;");
	check_table("a line without a target is bad", "0 8 zero\n8 8\n",
		    "bad line 20+8 zero;");
	check_table("a line that begins with no number is bad", "x 8 zero", "bad line 1");
	check_table("what follows a number at once is a target, as in dmsetup", "0 8k zero",
		    "0+8 k|zero;");
	check_table("a target's name of 16 characters is bad", "0 8 aaaaaaaaaaaaaaaa",
		    "bad line 1");
	check_table("a target's name of 15 characters is not", "0 8 aaaaaaaaaaaaaaa",
		    "0+8 aaaaaaaaaaaaaaa;");
	check_table("an empty table has no lines", "\n", "");

	check_opens("linear", "/dev/a 0", "known /dev/a");
	check_opens("cache", "meta fast slow 128 1 writethrough default 0",
		    "known meta fast slow");
	check_opens("clone", "meta to from 8", "known meta to from");
	check_opens("crypt", "aes-xts-plain64 00 0 /dev/a 0", "known /dev/a");
	check_opens("delay", "/dev/a 0 10 /dev/b 0 20", "known /dev/a /dev/b");
	check_opens("delay", "/dev/a 0 10 /dev/b", "bad");
	check_opens("era", "meta origin 8", "known meta origin");
	check_opens("error", "", "known");
	check_opens("error", "/dev/a 0", "known /dev/a");
	check_opens("flakey", "/dev/a 0 1 1 1 drop_writes", "known /dev/a");
	check_opens("integrity", "/dev/a 0 32 J 1 meta_device:/dev/b",
		    "known /dev/a /dev/b");
	check_opens("log-writes", "/dev/a /dev/b", "known /dev/a /dev/b");
	check_opens("mirror", "core 2 1024 nosync 2 /dev/a 0 /dev/b 0",
		    "known /dev/a /dev/b");
	check_opens("mirror", "disk 2 /dev/log 1024 2 /dev/a 0 /dev/b 0 1 handle_errors",
		    "known /dev/log /dev/a /dev/b");
	check_opens("mirror", "userspace 3 x y z 2 /dev/a 0 /dev/b 0", "bad");
	check_opens("multipath", "0 0 2 1 round-robin 0 2 1 8:0 1 8:16 1 round-robin 0 1 1 8:32 1",
		    "known 8:0 8:16 8:32");
	check_opens("multipath", "1 queue_if_no_path 1 alua 1 1 service-time 0 1 2 8:0 1 1",
		    "known 8:0");
	check_opens("multipath", "0 0 1 1 round-robin 0 2 1 8:0 1", "bad 8:0");
	check_opens("raid", "raid1 3 0 region_size 1024 2 - /dev/a /dev/m /dev/b",
		    "known /dev/a /dev/m /dev/b");
	check_opens("raid", "raid5_ls 3 128 journal_dev /dev/j 3 - a - b - c",
		    "known /dev/j a b c");
	check_opens("snapshot", "origin cow P 8", "known origin cow");
	check_opens("snapshot-origin", "origin", "known origin");
	check_opens("striped", "2 8 /dev/a 0 /dev/b 0", "known /dev/a /dev/b");
	check_opens("striped", "2 8 /dev/a 0", "bad");
	check_opens("switch", "2 128 0 /dev/a 0 /dev/b 0", "known /dev/a /dev/b");
	check_opens("thin", "pool 1", "known pool");
	check_opens("thin", "pool 1 origin", "known origin pool");
	check_opens("thin-pool", "meta data 128 0", "known meta data");
	check_opens("unstriped", "2 8 0 /dev/a 0", "known /dev/a");
	check_opens("vdo", "V4 /dev/a 8 4096 1 2", "known /dev/a");
	check_opens("verity",
		    "1 data hash 4096 4096 8 1 sha256 00 - 2 use_fec_from_device fec",
		    "known data hash fec");
	check_opens("writecache", "s slow fast 4096 0", "known slow fast");
	check_opens("zero", "", "known");
	check_opens("zoned", "/dev/a /dev/b", "known /dev/a /dev/b");
	check_opens("made-up", "/dev/a 0", "not known");
	got = opened_by("0 8 error /dev/a 0", 0x0601);
	check_text("an error target of 6.1 opens nothing", "known", got);
	free(got);
}

/* Words of a table that stand for devices. */

static struct device *add(struct stack *stack, unsigned int minor)
{
	char kname[32];

	snprintf(kname, sizeof(kname), "dm-%u", minor);
	return stack_add(stack, makedev(254, minor), kname);
}

static void check_word(const struct stack *stack, const char *word, unsigned int kernel,
		       int wanted, dev_t number)
{
	char *description = format_text("the word '%s' is looked up as by %u.%u", word,
					kernel >> 8, kernel & 0xff);
	dev_t got = 0;
	int r = lookup_word(stack, word, kernel, &got);

	check(description, r == wanted && (r || got == number));
	if (r != wanted || (!r && got != number))
		printf("# got %s, %u:%u\n", strerror(-r), major(got), minor(got));
	free(description);
}

static void test_words(void)
{
	struct stack *stack = stack_new();

	add(stack, 1);
	check_word(stack, "254:1", 0x0601, 0, makedev(254, 1));
	check_word(stack, "0254:01", 0x0601, 0, makedev(254, 1));
	check_word(stack, "254:77", 0x0700, 0, makedev(254, 77));
	check_word(stack, "4096:0", 0x0700, -EOVERFLOW, 0);
	check_word(stack, "0:1048576", 0x0700, -EOVERFLOW, 0);
	check_word(stack, "fe01", 0x0601, 0, makedev(254, 1));
	check_word(stack, "0xfe01", 0x0601, 0, makedev(254, 1));
	check_word(stack, "10fe01", 0x0601, 0, makedev(254, 257));
	check_word(stack, "fe01", 0x060c, -ENOENT, 0);
	check_word(stack, "fe01:", 0x0601, -ENODEV, 0);
	check_word(stack, "254:1x", 0x060c, -ENOENT, 0);
	check_word(stack, "/dev/dm-1", 0x0601, 0, makedev(254, 1));
	check_word(stack, "/dev/nowhere/dm-1", 0x0601, -ENODEV, 0);
	check_word(stack, "/", 0x060c, -ENOTBLK, 0);
	check_word(stack, "0", 0x0601, -ENODEV, 0);
	stack_free(stack);
}

/* What a device that is not there would be called; "" if that is no name of one. */
static void check_name(const char *description, const struct stack *stack,
		       const char *argument, const char *wanted)
{
	struct device *device;
	char *name;

	device = lookup_device(stack, argument, &name);
	check_text(description, wanted, device ? "a device" : name ? name : "");
	free(name);
}

static void test_lookups(void)
{
	struct stack *stack = stack_new();
	struct device *a = add(stack, 1), *b = add(stack, 2), *c = add(stack, 3);
	char *name;

	stack_set_name(stack, a, "d\\x20e");
	stack_set_name(stack, b, "new\nline");
	stack_set_name(stack, c, "caf\xe9");
	check("a device is found by its mangled name", stack_by_name(stack, "d\\x20e") == a);
	check("a device is found by its name", stack_by_name(stack, "d e") == a);
	check("a device is found by the bytes of its name",
	      stack_by_name(stack, "new\nline") == b);
	check("a device is found by what is shown of its name",
	      stack_by_name(stack, "new\\x0aline") == b);
	check("a device is found by what is shown of invalid UTF-8",
	      stack_by_name(stack, "caf\\xe9") == c);
	check_name("a device is found by its kname", stack, "dm-1", "a device");
	check_name("a device is found by its number", stack, "254:1", "a device");
	check_name("a device is found by its name as dmsetup writes it", stack,
		   "new\\x0aline", "a device");
	check_name("a device is found by its path as udev writes it", stack,
		   "/dev/mapper/d\\x20e", "a device");
	stack_set_name(stack, add(stack, 4), "x y");
	stack_set_name(stack, add(stack, 5), "dm-4");
	check_name("a device whose name has a blank is found by that in hexadecimal", stack,
		   "x\\x20y", "a device");
	check("a name goes before a kname", lookup_device(stack, "dm-4", &name) ==
	      stack_by_number(stack, makedev(254, 5)));
	free(name);
	check_name("a device that is not there is not found", stack, "x", "x");
	check_name("the name of a device to be can be taken from its path", stack,
		   "/dev/mapper/x-to-be", "x-to-be");
	check_name("the path of what is no device is no name", stack, "/dev/x/y", "");
	stack_free(stack);
}

/* Rules. */

static struct path loops;
static unsigned int told;

static void remember(const struct path *path, void *data)
{
	size_t i;

	(void)data;
	told++;
	loops.length = 0;
	for (i = 0; i < path->length; i++)
		path_add(&loops, path->at[i]);
}

/* Minors with blanks between them. */
static char *path_minors(const struct path *path)
{
	char *out = NULL;
	size_t size, i;
	FILE *file = need(open_memstream(&out, &size));

	for (i = 0; i < path->length; i++)
		fprintf(file, "%s%u", i ? " " : "", minor(path->at[i]->number));
	fclose(file);
	return out;
}

static void check_path(const char *description, const char *wanted, const struct path *path)
{
	char *got = path_minors(path);

	check_text(description, wanted, got);
	free(got);
}

static void link_minors(struct stack *stack, unsigned int holder, unsigned int slave,
			enum edge_kind kind)
{
	stack_link(stack, stack_by_number(stack, makedev(254, holder)),
		   stack_by_number(stack, makedev(254, slave)), kind);
}

static struct stack *new_stack(unsigned int count)
{
	struct stack *stack = stack_new();
	unsigned int i;

	for (i = 1; i <= count; i++)
		add(stack, i);
	return stack;
}

static enum verdict judge(struct stack *stack, unsigned int holder, unsigned int slave,
			  unsigned int max_depth, struct path *path)
{
	path->length = 0;
	rules_measure(stack);
	return rules_judge(stack, stack_by_number(stack, makedev(254, holder)),
			   stack_by_number(stack, makedev(254, slave)), max_depth, path);
}

static void test_judge(void)
{
	struct stack *stack = new_stack(40);
	struct path path = { 0 };
	unsigned int i;

	check("a device on itself is found", judge(stack, 1, 1, 32, &path) == VERDICT_SELF);
	check_path("a device on itself has a path", "1 1", &path);
	for (i = 2; i <= 32; i++)
		link_minors(stack, i, i - 1, EDGE_LINK);
	check("a loop of 32 devices is found", judge(stack, 1, 32, 32, &path) == VERDICT_LOOP);
	check("the path of a loop begins and ends with its holder", path.length == 33 &&
	      path.at[0] == path.at[32] && minor(path.at[1]->number) == 32);
	check("a loop of two devices is found", judge(stack, 1, 2, 32, &path) == VERDICT_LOOP);
	check_path("a loop of two devices has a path", "1 2 1", &path);
	check("a stack of 32 devices is fine", judge(stack, 33, 32, 32, &path) == VERDICT_FINE);
	check("a device on one that is on no other is fine",
	      judge(stack, 34, 33, 32, &path) == VERDICT_FINE);
	link_minors(stack, 33, 32, EDGE_LINK);
	check("a device on a stack of 32 is too deep",
	      judge(stack, 34, 33, 32, &path) == VERDICT_DEEP);
	check("the path of a stack goes down to the bottom",
	      path.length == 34 && minor(path.at[33]->number) == 1);
	check("a device below a stack of 32 is too deep",
	      judge(stack, 1, 40, 32, &path) == VERDICT_DEEP);
	check("the path of a stack begins at its top", path.length == 34 &&
	      minor(path.at[0]->number) == 33 && minor(path.at[33]->number) == 40);
	stack_free(stack);

	stack = new_stack(6);
	link_minors(stack, 1, 2, EDGE_LINK);
	link_minors(stack, 2, 3, EDGE_LINK);
	link_minors(stack, 3, 1, EDGE_LINK);
	check("a device on a loop is too deep", judge(stack, 4, 1, 32, &path) == VERDICT_DEEP);
	check("a table that opens a loop is fine", judge(stack, 2, 5, 32, &path) == VERDICT_FINE);
	check("a table that keeps a loop is found", judge(stack, 2, 3, 32, &path) == VERDICT_LOOP);
	link_minors(stack, 5, 6, EDGE_FILE);
	link_minors(stack, 6, 4, EDGE_LINK);
	check("a link that nobody sees is not judged",
	      judge(stack, 4, 5, 32, &path) == VERDICT_FINE);
	path.length = 0;
	check("a loop that nobody sees is found",
	      rules_hidden(stack, stack_by_number(stack, makedev(254, 4)),
			   stack_by_number(stack, makedev(254, 5)), &path));
	check_path("a loop that nobody sees has a path", "4 5 6 4", &path);
	stack_free(stack);

	stack = new_stack(5);
	link_minors(stack, 1, 2, EDGE_LINK);
	link_minors(stack, 2, 1, EDGE_LINK);
	link_minors(stack, 2, 3, EDGE_LINK);
	link_minors(stack, 4, 5, EDGE_LINK);
	check("a table of a device below a loop is fine",
	      judge(stack, 3, 4, 2, &path) == VERDICT_FINE);
	check("a device below a loop is too deep on a stack that is",
	      judge(stack, 3, 4, 1, &path) == VERDICT_DEEP);
	check("a device in a loop is too deep on a stack that is",
	      judge(stack, 1, 4, 1, &path) == VERDICT_DEEP);
	stack_free(stack);

	stack = new_stack(3);
	stack_by_number(stack, makedev(254, 2))->disk = stack_by_number(stack, makedev(254, 1));
	link_minors(stack, 3, 2, EDGE_LINK);
	check("a loop through a partition is found", judge(stack, 1, 3, 32, &path) == VERDICT_LOOP);
	check_path("a loop through a partition has its disk in the path", "1 3 1", &path);
	check("a disk on its own partition is one on itself",
	      judge(stack, 1, 2, 32, &path) == VERDICT_SELF);
	stack_free(stack);
	path_free(&path);
}

static void test_loops(void)
{
	struct stack *stack = new_stack(40);
	unsigned int i;

	told = 0;
	rules_each_loop(stack, remember, NULL);
	check("no loop is told where there is none", !told);
	link_minors(stack, 2, 1, EDGE_LINK);
	link_minors(stack, 1, 2, EDGE_LINK);
	link_minors(stack, 3, 3, EDGE_LINK);
	link_minors(stack, 4, 1, EDGE_LINK);
	rules_each_loop(stack, remember, NULL);
	check("two loops are told once each", told == 2);
	check_path("a loop of one device is told", "3 3", &loops);
	told = 0;
	link_minors(stack, 5, 6, EDGE_FILE);
	link_minors(stack, 6, 5, EDGE_LINK);
	rules_each_hidden(stack, remember, NULL);
	check("a loop through a file is told as such", told == 1);
	check_path("a loop through a file begins with that", "5 6 5", &loops);
	for (i = 8; i <= 40; i++)
		link_minors(stack, i, i - 1, EDGE_LINK);
	told = 0;
	rules_measure(stack);
	rules_each_deep(stack, 32, remember, NULL);
	check("a stack of 33 devices is told, and no loop", told == 1 && loops.length == 34);
	told = 0;
	rules_each_deep(stack, 33, remember, NULL);
	check("a stack of 33 devices is not told for a limit of 33", !told);
	stack_free(stack);
	path_free(&loops);
}

/* Settings. */

static struct ruling ruling_of(struct setting setting, const char *target, bool added,
			       bool linked, enum verdict verdict)
{
	struct opening opening = {
		.server = rules_server(&setting, target), .added = added, .linked = linked,
	};

	return rules_ruling(&setting, &opening, verdict);
}

static bool is_refused(struct ruling ruling, int error)
{
	return ruling.outcome == OUTCOME_REFUSED && ruling.error == error && ruling.reason;
}

static bool is_let_through(struct ruling ruling)
{
	return ruling.outcome == OUTCOME_LET_THROUGH && ruling.reason && ruling.excuse;
}

static void test_settings(void)
{
	const struct setting all = {
		.kernel = 0x0601, .loaded = true, .takeover = true, .scope_all = true,
		.max_depth = 32,
	};
	struct setting linear = all, off = all, none = all, new = all;

	linear.scope_all = false;
	off.scope_all = false;
	off.takeover = false;
	none.loaded = false;
	new.kernel = 0x060c;
	new.scope_all = false;

	check("what is fine is accepted", ruling_of(all, "linear", true, false, VERDICT_FINE)
	      .outcome == OUTCOME_ACCEPTED);
	check("a loop of linear is refused with ELOOP",
	      is_refused(ruling_of(linear, "linear", true, false, VERDICT_LOOP), ELOOP));
	check("too deep a stack is refused with ELOOP",
	      is_refused(ruling_of(linear, "linear", true, false, VERDICT_DEEP), ELOOP));
	check("a linear device on itself is refused with EINVAL",
	      is_refused(ruling_of(linear, "linear", true, false, VERDICT_SELF), EINVAL));
	check("a new linear device on itself is refused with EINVAL",
	      is_refused(ruling_of(linear, "linear", false, false, VERDICT_SELF), EINVAL));
	check("a loop of striped is refused with scope=all",
	      is_refused(ruling_of(all, "striped", true, false, VERDICT_LOOP), ELOOP));
	check("a loop of striped is let through with scope=linear",
	      is_let_through(ruling_of(linear, "striped", true, false, VERDICT_LOOP)));
	check("a loop of striped is let through if the device is linked already",
	      is_let_through(ruling_of(all, "striped", true, true, VERDICT_LOOP)));
	check("a loop of linear is refused if the device is linked already",
	      is_refused(ruling_of(all, "linear", true, true, VERDICT_LOOP), ELOOP));
	check("a loop of linear is let through with takeover=N and scope=linear",
	      is_let_through(ruling_of(off, "linear", true, false, VERDICT_LOOP)));
	check("a loop of linear-guard is refused with takeover=N and scope=linear",
	      is_refused(ruling_of(off, "linear-guard", true, false, VERDICT_LOOP), ELOOP));
	off.scope_all = true;
	check("a loop of linear is refused with takeover=N and scope=all",
	      is_refused(ruling_of(off, "linear", true, false, VERDICT_LOOP), ELOOP));
	check("a loop of linear is let through without the module",
	      is_let_through(ruling_of(none, "linear", true, false, VERDICT_LOOP)));
	check("a striped device on itself is let through by 6.1 with scope=linear",
	      is_let_through(ruling_of(linear, "striped", true, false, VERDICT_SELF)));
	check("a new striped device on itself cannot be opened by 6.1",
	      is_refused(ruling_of(all, "striped", false, false, VERDICT_SELF), ENXIO));
	check("a striped device on itself is refused by 6.12 itself",
	      is_refused(ruling_of(new, "striped", true, false, VERDICT_SELF), EINVAL));
}

static void check_offset(const char *word, bool stock, const char *wanted)
{
	char *words[] = { (char *)"/dev/a", (char *)word };
	char *description = format_text("the %s target judges the offset '%s'",
					stock ? "stock" : "guarded", word);
	struct ruling ruling;
	uint64_t offset;

	ruling = rules_linear(stock ? SERVER_STOCK : SERVER_GUARD, 2, words, &offset);
	check_text(description, wanted, ruling.reason ? ruling.reason : "fine");
	free(description);
}

static void check_area(const char *description, struct area area, bool stock, bool first,
		       uint64_t start, uint64_t length, const char *wanted)
{
	struct ruling ruling = rules_area(stock ? SERVER_STOCK : SERVER_GUARD, first, &area,
					  start, length);

	check_text(description, wanted, ruling.reason ? ruling.reason : "fine");
}

static void test_linear(void)
{
	static const char past[] = "Range runs past the end of the device";
	const struct area disk = { .size = 1000, .block = 4096 };
	const struct area mapped = { .size = 1000, .block = 512, .mapped = true };
	const struct area zoned = { .size = 1024, .block = 512, .zone = 256 };
	char *words[] = { (char *)"/dev/a", (char *)"0", (char *)"x" };
	uint64_t offset;

	check("one argument is not enough",
	      is_refused(rules_linear(SERVER_GUARD, 1, words, &offset), EINVAL));
	check("three arguments are too many",
	      is_refused(rules_linear(SERVER_STOCK, 3, words, &offset), EINVAL));
	check_offset("0", false, "fine");
	check_offset("18446744073709551615", false, "fine");
	check_offset("18446744073709551616", false, "Device sector is too large");
	check_offset("99999999999999999999x", false, "Garbage after device sector");
	check_offset("-1", false, "Device sector is negative");
	check_offset("-", false, "Device sector is not a number");
	check_offset("x", false, "Device sector is not a number");
	check_offset("8k", false, "Garbage after device sector");
	check_offset("0x10", false, "Garbage after device sector");
	check_offset("18446744073709551616", true, "fine");
	check_offset("-1", true, "Invalid device sector");
	check_offset("8k", true, "Invalid device sector");

	check_area("a range to the end is fine", disk, false, false, 992, 8, "fine");
	check_area("a range past the end is refused", disk, false, false, 992, 16, past);
	check_area("a range from the end on is refused", disk, false, false, 1000, 8, past);
	check_area("a range whose end overflows is refused", disk, false, false,
		   UINT64_MAX - 7, 8, past);
	check_area("a range within a block is refused", disk, false, false, 4, 8,
		   "Range is not aligned to logical blocks");
	check_area("the stock target looks at no range of a reload", disk, true, false, 999,
		   16, "fine");
	check_area("core looks at the range of a first load", disk, true, true, 999, 16, past);
	check_area("no range of a mapped device is looked at", mapped, false, false, 999, 16,
		   "fine");
	check_area("core looks at that in a first load", mapped, false, true, 999, 16, past);
	check_area("a range off a zone is fine in a reload", zoned, false, false, 128, 256,
		   "fine");
	check_area("a range off a zone is refused in a first load", zoned, false, true, 128,
		   256, "Range is not aligned to zones");
}

/* Random graphs, and a model of them. */

#define NODES 12

static bool edge[NODES][NODES], reach[NODES][NODES];
static unsigned int random_state = 1;

static unsigned int below(unsigned int n)
{
	random_state = random_state * 1103515245u + 12345u;
	return random_state / 65536 % n;
}

/* Warshall's way. */
static void close_reach(void)
{
	unsigned int i, j, k;

	memcpy(reach, edge, sizeof(reach));
	for (k = 0; k < NODES; k++)
		for (i = 0; i < NODES; i++)
			for (j = 0; j < NODES; j++)
				reach[i][j] |= reach[i][k] && reach[k][j];
}

/* The longest way; more than NODES stands for one with a loop on it. */
static unsigned int longest(unsigned int node, bool down)
{
	bool here[NODES] = { false }, next[NODES];
	unsigned int length, i, j;

	here[node] = true;
	for (length = 0; length <= NODES; length++) {
		bool any = false;

		memset(next, 0, sizeof(next));
		for (i = 0; i < NODES; i++)
			for (j = 0; here[i] && j < NODES; j++)
				if (down ? edge[i][j] : edge[j][i])
					next[j] = true;
		for (i = 0; i < NODES; i++)
			any |= next[i];
		if (!any)
			break;
		memcpy(here, next, sizeof(here));
	}
	return length;
}

static enum verdict model(unsigned int holder, unsigned int slave, unsigned int max_depth)
{
	unsigned int above, below;

	if (holder == slave)
		return VERDICT_SELF;
	if (reach[slave][holder])
		return VERDICT_LOOP;
	above = longest(holder, false);
	below = longest(slave, true);
	/* In a loop or below one, only what is below counts. */
	if (above > NODES)
		above = 0;
	if (below > NODES || above + 1 + below > max_depth)
		return VERDICT_DEEP;
	return VERDICT_FINE;
}

/* Is each device of a path stacked on the next, but for the link that is asked about? */
static bool is_way(const struct path *path, unsigned int holder, unsigned int slave)
{
	size_t i;

	for (i = 0; i + 1 < path->length; i++) {
		unsigned int a = minor(path->at[i]->number) - 1;
		unsigned int b = minor(path->at[i + 1]->number) - 1;

		if (a == holder && b == slave)
			continue;
		if (a >= NODES || b >= NODES || !edge[a][b])
			return false;
	}
	return path->length > 1;
}

static bool agrees(struct stack *stack)
{
	unsigned int holder, slave, max_depth = 1 + below(8);
	struct path path = { 0 };
	enum verdict got, wanted;
	bool same = true;

	rules_measure(stack);
	for (holder = 0; same && holder < NODES; holder++) {
		for (slave = 0; same && slave < NODES; slave++) {
			wanted = model(holder, slave, max_depth);
			path.length = 0;
			got = rules_judge(stack, stack_by_number(stack, makedev(254, holder + 1)),
					  stack_by_number(stack, makedev(254, slave + 1)),
					  max_depth, &path);
			same = got == wanted &&
				(got == VERDICT_FINE || is_way(&path, holder, slave));
			if (!same)
				printf("# %u on %u, max_depth %u: wanted %d, got %d\n", holder + 1,
				       slave + 1, max_depth, wanted, got);
		}
	}
	path_free(&path);
	return same;
}

/* As many loops are told as there are sets of devices that reach each other. */
static bool tells_loops(struct stack *stack)
{
	unsigned int i, j, wanted = 0;
	bool first;

	for (i = 0; i < NODES; i++) {
		first = reach[i][i];
		for (j = 0; j < i; j++)
			first &= !(reach[i][j] && reach[j][i]);
		wanted += first;
	}
	told = 0;
	rules_each_loop(stack, remember, NULL);
	if (told != wanted)
		printf("# %u loops, told %u\n", wanted, told);
	return told == wanted && (!told || is_way(&loops, NODES, NODES));
}

static void test_random(void)
{
	unsigned int i, a, b, round;
	bool judged = true, counted = true;

	for (round = 0; round < 2000 && judged && counted; round++) {
		struct stack *stack = new_stack(NODES);

		memset(edge, 0, sizeof(edge));
		for (i = below(20); i; i--) {
			a = below(NODES);
			/* Most graphs are to have no loop. */
			b = below(4) ? below(a + 1) : below(NODES);
			if (edge[a][b] || a == b)
				continue;
			edge[a][b] = true;
			link_minors(stack, a + 1, b + 1, EDGE_LINK);
		}
		close_reach();
		judged = agrees(stack);
		counted = tells_loops(stack);
		stack_free(stack);
	}
	check("2,000 random graphs are judged as by a model", judged);
	check("loops of random graphs are told as by a model", counted);
	path_free(&loops);
}

int main(void)
{
	puts("TAP version 13");
	test_names();
	test_tables();
	test_words();
	test_lookups();
	test_judge();
	test_loops();
	test_settings();
	test_linear();
	test_random();
	printf("1..%u\n", checks);
	return failures != 0;
}
