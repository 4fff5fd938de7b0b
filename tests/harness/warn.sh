#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A test that passes while the kernel warns.
echo "TAP version 13"
echo "1..1"
echo "WARNING: CPU: 0 PID: 1 at harness/warn.sh" >/dev/kmsg
echo "ok 1 all is well"
