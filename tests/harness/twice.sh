#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A test that says the same of two checks.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

plan 2
check "the device serves" true
check "the device serves" true
finish
