#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A test that waits for what takes longer, on a busy machine, than anything may that
# is idle.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

plan 1
file=$(mktemp -u)
defer rm -f "$file"
PATIENCE=3
{
	while [ "$SECONDS" -lt 8 ]; do :; done
	touch "$file"
} &
check "what takes its time has come" wait_for [ -e "$file" ]
finish
