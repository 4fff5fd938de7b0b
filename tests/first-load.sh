#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A load that meets a device whose first load has yet to link it waits for the links.
. "$(dirname "$0")/lib.sh"

slow=test_modules/dlg_slow.ko
plan 8
built "$slow"
ramdisks 1 4
needs "links that can be held" insmod "$(dirname "$0")/$slow"
defer rmmod dlg_slow

# waits PID: the process sleeps in the kernel, or has ended.
waits() {
	local state
	[ -e "/proc/$1/stat" ] || return 0
	read -r _ _ state _ <"/proc/$1/stat"
	[[ $state = [DZ] ]]
}

# both STATUSES: two loads close a loop, and end in one of these.  The first load, of
# a device without a table, is held just before it is linked, until the second one
# waits for it, or has ended.
both() {
	local first second hold=/sys/module/dlg_slow/parameters/hold
	new_messages
	echo 1 >$hold
	env dmsetup reload "$P-a" --table "0 2048 linear /dev/mapper/$P-b 0" &
	first=$!
	wait_for eval "[ \$(<$hold) != 1 ]" || return
	env dmsetup reload "$P-b" --table "0 2048 linear $number 0" &
	second=$!
	wait_for waits "$second"
	echo 0 >$hold
	wait "$first"
	first=$?
	wait "$second"
	second=$?
	echo "the first: $first, the second: $second"
	new_messages
	echo "$MESSAGES"
	[[ "$first $second" =~ ^($1)$ ]] && kernel_says "Device closes a loop" "$MESSAGES"
}

create b "0 2048 linear /dev/ram0 0"
for scope in linear all; do
	set_to scope "$scope"
	check "a device without a table is made with scope=$scope" \
		dmsetup create "$P-a" --notable
	number=$(dmsetup info -c --noheadings -o major,minor "$P-a")
	# 5.10 has added the device already, and links it when the table is parsed.
	if [ -e "/sys/dev/block/$number" ]; then
		check "one of two loads that close a loop is refused with scope=$scope" \
			both "0 1|1 0"
	else
		check "the later of two loads that close a loop is refused with scope=$scope" \
			both "0 1"
	fi
	check "the inactive table of b is cleared with scope=$scope" dmsetup clear "$P-b"
	check "device a is removed with scope=$scope" dmsetup remove "$P-a"
done
finish
