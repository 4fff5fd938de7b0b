/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From what people write to devices.
 *
 * Copyright (C) 2026 The dm-linear-guard developers
 */
#ifndef LOOKUP_H
#define LOOKUP_H

#include "stack.h"

int lookup_mapped(struct stack *stack);
struct device *lookup_device(const struct stack *stack, const char *argument,
			     char **name);
int lookup_word(const struct stack *stack, const char *word, unsigned int kernel,
		dev_t *number);

#endif /* LOOKUP_H */
