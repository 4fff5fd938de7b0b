#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A test that waits for what never comes, and says so itself.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

plan 1
PATIENCE=3
check "what never comes has come" wait_for [ -e /no/such/file ]
finish
