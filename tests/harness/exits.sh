#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A test that fails by itself, and is to clean up no less than one that passes.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

plan 1
needs "zero target" modprobe dm-zero
create a "0 8 zero" && wait_for true && exit 1
