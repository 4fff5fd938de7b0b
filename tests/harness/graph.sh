#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A test that passes while the module has an edge in its graph that sysfs does not have.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

plan 1
PATIENCE=3
GRAPH=$(mktemp)
defer rm "$GRAPH"
echo "254:4095 1:4095 links=1 found=0" >"$GRAPH"
check "a file is there" [ -e "$GRAPH" ]
finish
