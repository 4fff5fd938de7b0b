#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A test that never ends, and is busy with it.
echo "TAP version 13"
echo "1..1"
while :; do :; done
