#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A test that needs what is not there, and says what it was told.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

plan 1
needs "such module" modprobe no-such-module
finish
