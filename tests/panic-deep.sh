#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A stack of 240 linear devices takes any kernel down when it is probed.
# What udev would do with each of them takes far longer than all the rest.
NO_UDEV=yes
. "$(dirname "$0")/panic.sh"

devices='' below=/dev/ram0
for ((i = 1; i <= 240; i++)); do
	devices+="${devices:+;}$P-$i,,,rw,0 2048 linear $below 0"
	below=/dev/mapper/$P-$i
done
# The guard refuses one of them, and those that would be above it are not made.
closes dmsetup create --concise "$devices" || below=/dev/mapper/$P-$(dmsetup ls | grep -c "^$P-")
live "$below"
