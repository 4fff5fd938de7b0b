#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A linear device in a loop that a striped table closes takes any kernel down.
. "$(dirname "$0")/panic.sh"

if [ -d "$PARAMS" ]; then
	echo all >"$PARAMS/scope" || exit 1
else
	# The kernel runs out of memory: the less there is, the sooner.
	mount -o remount,size=90% /dev/shm
	free=$(awk '/^MemAvailable/ { print $2 }' /proc/meminfo)
	head -c "$((free - 100000))K" /dev/zero >"/dev/shm/$P"
fi
dmsetup create "$P-b" --table "0 2048 linear /dev/ram0 0"
dmsetup create "$P-a" --table "0 2048 linear /dev/mapper/$P-b 0"
closes dmsetup reload "$P-b" --table "0 2048 striped 1 8 /dev/mapper/$P-a 0"
dmsetup resume --noudevsync "$P-b"
live "/dev/mapper/$P-a" "/dev/mapper/$P-b"
