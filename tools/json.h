/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * JSON, by json-c, a member of the document at a time.
 *
 * Copyright (C) 2026 The dm-linear-guard developers
 */
#ifndef JSON_H
#define JSON_H

#include <json-c/json.h>
#include <stdint.h>

#include "rules.h"

/* What "format" is; it changes when a reader of the old one could go wrong. */
#define JSON_FORMAT 1

struct json_object *json_text(const char *raw);
struct json_object *json_number(uint64_t number);
struct json_object *json_devt(dev_t number);
struct json_object *json_path(const struct path *path);
void json_set(struct json_object *object, const char *key, struct json_object *value);
void json_push(struct json_object *array, struct json_object *value);

void document_begin(void);
void document_put(const char *key, struct json_object *value);
void document_begin_list(const char *key);
void document_put_item(struct json_object *value);
void document_end_list(void);
void document_end(void);

#endif /* JSON_H */
