#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A test that takes the kernel down as some emulators do, every time.
echo "TAP version 13"
echo "1..1"
echo "int3: 0000 [#1]" >/dev/kmsg
echo c >/proc/sysrq-trigger
echo "ok 1 cannot be reached"
