// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names as people read and write them.
 *
 * Copyright (C) 2026 The dm-linear-guard developers
 */

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "say.h"
#include "text.h"

/* How many bytes of UTF-8 the next printable character takes, or 0 if it is none. */
static size_t printable(const unsigned char *p)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t c = *p;
	size_t i, length;

	if (c < 0x80)
		return c >= 0x20 && c != 0x7f;
	length = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
	if (c < 0xc2 || c > 0xf4)
		return 0;
	c &= 0x7f >> length;
	for (i = 1; i < length; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	/* Of those that are too long, surrogates, control characters. */
	if (c < least[length] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff) || c < 0xa0)
		return 0;
	return length;
}

/**
 * text_shown() - what any output has in place of a name
 * @raw: bytes
 *
 * Valid UTF-8, and what cannot be printed as dmsetup has it, as in \x0a.  That is what
 * libsmartcols prints of the raw bytes, so that it is given these, and all else this.
 * The two characters \x of a name are \x5cx, so that no two names are shown alike.
 *
 * Return: to be freed.
 */
char *text_shown(const char *raw)
{
	const unsigned char *p = (const unsigned char *)raw;
	char *shown = need(malloc(4 * strlen(raw) + 1)), *out = shown;
	size_t length;

	while (*p) {
		length = printable(p);
		if (!length || (p[0] == '\\' && p[1] == 'x')) {
			out += sprintf(out, "\\x%02x", *p++);
			continue;
		}
		memcpy(out, p, length);
		out += length;
		p += length;
	}
	*out = '\0';
	return shown;
}

/* Has it no character that means something to a shell? */
static bool is_plain(const char *text)
{
	for (; *text; text++)
		if (!isalnum((unsigned char)*text) && !strchr("_@%+=:,./-", *text))
			return false;
	return true;
}

/**
 * text_quoted() - a word as a shell takes it
 * @shown: it, without control characters
 *
 * Return: to be freed.
 */
char *text_quoted(const char *shown)
{
	char *quoted, *out;

	if (*shown && is_plain(shown))
		return need(strdup(shown));
	quoted = need(malloc(4 * strlen(shown) + 3));
	out = quoted;
	*out++ = '\'';
	for (; *shown; shown++)
		out += *shown == '\'' ? sprintf(out, "'\\''") : sprintf(out, "%c", *shown);
	strcpy(out, "'");
	return quoted;
}

/* Two digits of a byte that can be in a name. */
static bool hex_byte(const char *p, char *byte)
{
	char digits[3] = { p[0], p[0] ? p[1] : '\0', '\0' };

	if (!isxdigit((unsigned char)digits[0]) || !isxdigit((unsigned char)digits[1]))
		return false;
	*byte = (char)strtoul(digits, NULL, 16);
	return *byte;
}

/**
 * text_unmangled() - the name that dmsetup was given for a device
 * @mangled: what it has in the kernel
 *
 * libdevmapper writes what is not harmless as in \x20.  It reads that again too, but only
 * of what an ioctl has returned, for which one must be root, and may refuse a whole list
 * for the sake of one name.
 *
 * Return: to be freed.
 */
char *text_unmangled(const char *mangled)
{
	char *name = need(strdup(mangled)), *out = name;
	const char *p;

	for (p = mangled; *p; p++) {
		if (p[0] == '\\' && p[1] == 'x' && hex_byte(p + 2, out))
			p += 3;
		else
			*out = *p;
		out++;
	}
	*out = '\0';
	return name;
}

/**
 * text_size() - as lsblk shows one, as in 1.5G
 *
 * Return: to be freed.
 */
char *text_size(uint64_t bytes)
{
	static const char units[] = "BKMGTPE";
	unsigned int unit = 0, tenths;
	uint64_t whole = bytes, rest = 0;

	while (whole >= 1024) {
		rest = whole % 1024;
		whole /= 1024;
		unit++;
	}
	tenths = (unsigned int)((rest * 10 + 512) / 1024);
	if (tenths == 10) {
		whole++;
		tenths = 0;
	}
	if (tenths)
		return format_text("%" PRIu64 ".%u%c", whole, tenths, units[unit]);
	return format_text("%" PRIu64 "%c", whole, units[unit]);
}

/**
 * text_age() - how long ago something was
 *
 * Return: to be freed.
 */
char *text_age(uint64_t seconds)
{
	static const struct {
		uint64_t seconds;
		const char *name;
	} units[] = {
		{ 24 * 3600, "day" }, { 3600, "hour" }, { 60, "minute" }, { 1, "second" },
	};
	size_t i = 0;

	while (i + 1 < ARRAY_SIZE(units) && seconds < 2 * units[i].seconds)
		i++;
	seconds /= units[i].seconds;
	return format_text("%" PRIu64 " %s%s", seconds, units[i].name,
			   seconds == 1 ? "" : "s");
}

/**
 * text_error() - the name of an errno that a load can end with
 */
const char *text_error(int error)
{
	switch (error) {
	case EACCES: return "EACCES";
	case EBUSY: return "EBUSY";
	case EINVAL: return "EINVAL";
	case ELOOP: return "ELOOP";
	case ENAMETOOLONG: return "ENAMETOOLONG";
	case ENODEV: return "ENODEV";
	case ENOENT: return "ENOENT";
	case ENOTBLK: return "ENOTBLK";
	case ENOTDIR: return "ENOTDIR";
	case ENXIO: return "ENXIO";
	case EOVERFLOW: return "EOVERFLOW";
	default: return strerror(error);
	}
}

/**
 * text_number() - read MAJOR:MINOR as sysfs writes it
 */
bool text_number(const char *text, dev_t *number)
{
	unsigned int major, minor;
	char after;

	if (sscanf(text, "%u:%u%c", &major, &minor, &after) != 2)
		return false;
	*number = makedev(major, minor);
	return true;
}
