#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A test that passes but for a check that it cannot make.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

plan 2
check "a check is made" true
skipped 1 "no such thing here"
finish
