// SPDX-License-Identifier: GPL-2.0-only
/*
 * Is a JSON document what a schema says?
 *
 * Usage: schema SCHEMA [DOCUMENT]
 *
 * Knows what the command's schema uses of JSON Schema, draft 7, and fails for a keyword
 * that it does not know.  Prints what differs, and exits with 1 if anything does, and
 * with 2 if one of the two is no JSON.
 */

#define _GNU_SOURCE

#include <json-c/json.h>
#include <regex.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct json_object *root;

static bool fits(struct json_object *schema, struct json_object *value, const char *at,
		 bool tell);

static void __attribute__((noreturn)) fail(const char *what, const char *which)
{
	fprintf(stderr, "schema: %s: %s\n", which, what);
	exit(2);
}

static struct json_object *member(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	return json_object_object_get_ex(object, key, &value) ? value : NULL;
}

/* A number is of both types. */
static bool has_type(struct json_object *value, const char *type)
{
	switch (json_object_get_type(value)) {
	case json_type_null: return !strcmp(type, "null");
	case json_type_boolean: return !strcmp(type, "boolean");
	case json_type_int: return !strcmp(type, "integer") || !strcmp(type, "number");
	case json_type_double: return !strcmp(type, "number");
	case json_type_string: return !strcmp(type, "string");
	case json_type_array: return !strcmp(type, "array");
	case json_type_object: return !strcmp(type, "object");
	}
	return false;
}

static bool fits_type(struct json_object *types, struct json_object *value)
{
	size_t i;

	if (!json_object_is_type(types, json_type_array))
		return has_type(value, json_object_get_string(types));
	for (i = 0; i < json_object_array_length(types); i++)
		if (has_type(value, json_object_get_string(json_object_array_get_idx(types, i))))
			return true;
	return false;
}

static bool is_one_of(struct json_object *values, struct json_object *value)
{
	size_t i;

	for (i = 0; i < json_object_array_length(values); i++)
		if (json_object_equal(json_object_array_get_idx(values, i), value))
			return true;
	return false;
}

static bool fits_pattern(struct json_object *pattern, struct json_object *value)
{
	regex_t regex;
	bool does;

	if (regcomp(&regex, json_object_get_string(pattern), REG_EXTENDED | REG_NOSUB))
		fail("a pattern is invalid", json_object_get_string(pattern));
	does = !regexec(&regex, json_object_get_string(value), 0, NULL, 0);
	regfree(&regex);
	return does;
}

static bool fits_one(struct json_object *schemas, struct json_object *value, const char *at)
{
	size_t i, count = 0;

	for (i = 0; i < json_object_array_length(schemas); i++)
		count += fits(json_object_array_get_idx(schemas, i), value, at, false);
	return count == 1;
}

/* What does not fit any, may all but fit the one that it was meant for. */
static void tell_all(struct json_object *schemas, struct json_object *value, const char *at)
{
	size_t i;

	for (i = 0; i < json_object_array_length(schemas); i++)
		fits(json_object_array_get_idx(schemas, i), value, at, true);
}

static struct json_object *find_schema(const char *reference)
{
	static const char definitions[] = "#/definitions/";
	struct json_object *found = NULL;

	if (!strncmp(reference, definitions, strlen(definitions)))
		found = member(member(root, "definitions"), reference + strlen(definitions));
	if (!found)
		fail("no such schema", reference);
	return found;
}

static bool fits_properties(struct json_object *schema, struct json_object *value,
			    const char *at, bool tell)
{
	struct json_object *properties = member(schema, "properties"), *known;
	bool does = true;
	char path[512];

	json_object_object_foreach(value, key, inner) {
		known = properties ? member(properties, key) : NULL;
		snprintf(path, sizeof(path), "%s.%s", at, key);
		if (known) {
			does &= fits(known, inner, path, tell);
		} else if (member(schema, "additionalProperties")) {
			if (tell)
				printf("%s is not known\n", path);
			does = false;
		}
	}
	return does;
}

static bool has_all(struct json_object *keys, struct json_object *value, const char *at,
		    bool tell)
{
	bool has = true;
	size_t i;

	for (i = 0; i < json_object_array_length(keys); i++) {
		const char *key = json_object_get_string(json_object_array_get_idx(keys, i));

		if (json_object_object_get_ex(value, key, NULL))
			continue;
		if (tell)
			printf("%s.%s is missing\n", at, key);
		has = false;
	}
	return has;
}

static bool fit_items(struct json_object *schema, struct json_object *value, const char *at,
		      bool tell)
{
	bool fit = true;
	char path[512];
	size_t i;

	for (i = 0; i < json_object_array_length(value); i++) {
		snprintf(path, sizeof(path), "%s[%zu]", at, i);
		fit &= fits(schema, json_object_array_get_idx(value, i), path, tell);
	}
	return fit;
}

/* One keyword; a type that it is not for fits. */
static bool fits_keyword(struct json_object *schema, const char *key,
			 struct json_object *rule, struct json_object *value,
			 const char *at, bool tell)
{
	static const char * const ignored[] = {
		"$schema", "title", "description", "definitions",
	};
	bool does;
	size_t i;

	for (i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		if (!strcmp(key, ignored[i]))
			return true;
	if (!strcmp(key, "$ref"))
		return fits(find_schema(json_object_get_string(rule)), value, at, tell);
	if (!strcmp(key, "properties") || !strcmp(key, "additionalProperties"))
		return strcmp(key, "properties") ||
			!json_object_is_type(value, json_type_object) ||
			fits_properties(schema, value, at, tell);
	if (!strcmp(key, "required"))
		return !json_object_is_type(value, json_type_object) ||
			has_all(rule, value, at, tell);
	if (!strcmp(key, "items"))
		return !json_object_is_type(value, json_type_array) ||
			fit_items(rule, value, at, tell);
	if (!strcmp(key, "oneOf")) {
		does = fits_one(rule, value, at);
		if (!does && tell)
			tell_all(rule, value, at);
	} else if (!strcmp(key, "type")) {
		does = fits_type(rule, value);
	} else if (!strcmp(key, "enum")) {
		does = is_one_of(rule, value);
	} else if (!strcmp(key, "const")) {
		does = json_object_equal(rule, value);
	} else if (!strcmp(key, "minimum")) {
		does = !json_object_is_type(value, json_type_int) ||
			json_object_get_int64(value) >= json_object_get_int64(rule);
	} else if (!strcmp(key, "pattern")) {
		does = !json_object_is_type(value, json_type_string) ||
			fits_pattern(rule, value);
	} else {
		fail("this keyword is not known here", key);
	}
	if (!does && tell)
		printf("%s is not of %s %s: %.200s\n", at, key, json_object_to_json_string(rule),
		       value ? json_object_to_json_string(value) : "null");
	return does;
}

static bool fits(struct json_object *schema, struct json_object *value, const char *at,
		 bool tell)
{
	bool does = true;

	json_object_object_foreach(schema, key, rule)
		does &= fits_keyword(schema, key, rule, value, at, tell);
	return does;
}

int main(int argc, char **argv)
{
	const char *path = argc > 2 ? argv[2] : "/dev/stdin";
	struct json_object *document;
	bool does;

	if (argc != 2 && argc != 3) {
		fprintf(stderr, "usage: schema SCHEMA [DOCUMENT]\n");
		return 2;
	}
	root = json_object_from_file(argv[1]);
	if (!root)
		fail(json_util_get_last_err(), argv[1]);
	document = json_object_from_file(path);
	if (!document)
		fail(json_util_get_last_err(), path);
	does = fits(root, document, "", true);
	json_object_put(document);
	json_object_put(root);
	return !does;
}
