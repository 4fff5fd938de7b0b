#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A stack of 240 linear devices takes any kernel down when it is probed.
. "$(dirname "$0")/panic.sh"

udevadm control --stop-exec-queue
export DM_DISABLE_UDEV=1
below=/dev/ram0
for ((i = 1; i <= 240; i++)); do
	closes dmsetup create "$P-$i" --table "0 2048 linear $below 0" || break
	below=/dev/mapper/$P-$i
done
live "$below"
