#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A linear device in a loop that a striped table closes takes any kernel down.
. "$(dirname "$0")/panic.sh"

if [ ! -d "$PARAMS" ] && [ ! "${UPSTREAM-}" ]; then
	# The kernel runs out of memory: the less there is, the sooner.
	free=$(awk '/^MemAvailable/ { print $2 }' /proc/meminfo)
	echo "$((free - 60000))" >/proc/sys/vm/min_free_kbytes
	# What circulates in the loop then waits for memory, and kills nobody; the
	# next process that wants some does.  Without a loop, it gets that.
	want() {
		head -c 32M /dev/zero | tail -c 32M >/dev/null
	}
	want || exit
	while sleep 1; do
		want
	done &
fi
dmsetup create "$P-b" --table "0 2048 linear /dev/ram0 0"
dmsetup create "$P-a" --table "0 2048 linear /dev/mapper/$P-b 0"
closes dmsetup reload "$P-b" --table "0 2048 striped 1 8 /dev/mapper/$P-a 0"
dmsetup resume --noudevsync "$P-b"
live "/dev/mapper/$P-a" "/dev/mapper/$P-b"
