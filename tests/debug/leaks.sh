#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# All that was done before, in this boot, has left nothing behind.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

plan 1
[ -e /sys/kernel/debug/kmemleak ] || skip "this kernel does not look for leaks"
check "nothing is lost" no_leaks
finish
