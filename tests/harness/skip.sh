#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A test that cannot run.
echo "TAP version 13"
echo "1..0 # SKIP no such thing here"
exit 4
