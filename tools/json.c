// SPDX-License-Identifier: GPL-2.0-only
/*
 * JSON, by json-c, a member of the document at a time.
 *
 * Copyright (C) 2026 The dm-linear-guard developers
 *
 * Not by libsmartcols: it writes one list of flat objects, not one in a document with
 * others; it has arrays from 2.38 on only; and of a name that is no UTF-8 it makes no
 * JSON.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "json.h"
#include "say.h"
#include "text.h"

#define PLAIN (JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)

/**
 * json_text() - a name, as text_shown() has it
 * @raw: it, or NULL
 */
struct json_object *json_text(const char *raw)
{
	struct json_object *value;
	char *shown;

	if (!raw)
		return NULL;
	shown = text_shown(raw);
	value = need(json_object_new_string(shown));
	free(shown);
	return value;
}

struct json_object *json_number(uint64_t number)
{
	return need(json_object_new_int64(number < INT64_MAX ? (int64_t)number : INT64_MAX));
}

struct json_object *json_devt(dev_t number)
{
	char text[32];

	if (!number)
		return NULL;
	snprintf(text, sizeof(text), "%u:%u", major(number), minor(number));
	return need(json_object_new_string(text));
}

void json_set(struct json_object *object, const char *key, struct json_object *value)
{
	if (json_object_object_add(object, key, value))
		need(NULL);
}

void json_push(struct json_object *array, struct json_object *value)
{
	if (json_object_array_add(array, value))
		need(NULL);
}

/**
 * json_path() - the devices of a loop or stack
 */
struct json_object *json_path(const struct path *path)
{
	struct json_object *array = need(json_object_new_array()), *at;
	size_t i;

	for (i = 0; i < path->length; i++) {
		at = need(json_object_new_object());
		json_set(at, "kname", json_text(path->at[i]->kname));
		json_set(at, "name", json_text(path->at[i]->name));
		json_push(array, at);
	}
	return array;
}

/*
 * The document.  json-c would have all of it in memory at once, 3 KiB for each device: so
 * it writes each member alone, and this is the frame around them.
 */

static const char *separator;

static void print_value(struct json_object *value)
{
	const char *text = value ? json_object_to_json_string_ext(value, PLAIN) : "null";

	fputs(need((void *)text), stdout);
	json_object_put(value);
}

static void print_key(const char *key)
{
	printf("%s\n\"%s\": ", separator, key);
	separator = ",";
}

/**
 * document_begin() - begin one, on standard output
 */
void document_begin(void)
{
	separator = "";
	putchar('{');
	document_put("format", json_number(JSON_FORMAT));
}

/**
 * document_put() - a member of the document
 * @key: its name, which needs no escapes
 * @value: it, or NULL; is put
 */
void document_put(const char *key, struct json_object *value)
{
	print_key(key);
	print_value(value);
}

void document_begin_list(const char *key)
{
	print_key(key);
	separator = "";
	putchar('[');
}

void document_put_item(struct json_object *value)
{
	printf("%s\n", separator);
	separator = ",";
	print_value(value);
}

void document_end_list(void)
{
	fputs("\n]", stdout);
	separator = ",";
}

void document_end(void)
{
	puts("\n}");
}
