#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The module has lost no memory in all that was done before, in this boot.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

plan 1
[ -e /sys/kernel/debug/kmemleak ] || skip "this kernel does not look for leaks"
check "kmemleak finds nothing that the module has lost in this boot" no_leaks
finish
