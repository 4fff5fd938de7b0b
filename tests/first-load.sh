#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A load that meets a device whose first load has yet to link it waits for the links.
. "$(dirname "$0")/lib.sh"

plan 12
gates
ramdisks 1 4

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
	local first second hold=$GATES/hold
	new_messages
	echo 1 >"$hold"
	env dmsetup reload "$P-a" --table "0 2048 linear /dev/mapper/$P-b 0" &
	first=$!
	wait_for is_held hold || return
	env dmsetup reload "$P-b" --table "0 2048 linear $number 0" &
	second=$!
	wait_for waits "$second"
	echo 0 >"$hold"
	wait "$first"
	first=$?
	wait "$second"
	second=$?
	echo "the first: $first, the second: $second"
	new_messages
	echo "$MESSAGES"
	[[ "$first $second" =~ ^($1)$ ]] && kernel_says "Device closes a loop" "$MESSAGES"
}

# make_a: a device without a table; sets number to its own.
make_a() {
	dmsetup create "$P-a" --notable &&
		number=$(dmsetup info -c --noheadings -o major,minor "$P-a")
}

# links_in_between DEVICE: a's first load, onto that, is held just before it links; the
# load of b onto a is held when it looks whether the first load of a is over, by a
# directory that comes last, and goes on when it is.
links_in_between() {
	printf %s "/devices/virtual/block/dm-${number#*:}/dm" >"$GATES/look"
	in_order hold 1 "reload a '0 2048 linear $1 0'" \
		hold_look 1 "reload b '0 2048 linear $number 0'"
}

create b "0 2048 linear /dev/ram0 0" || exit 1
defer eval "! exists $P-a || { dmsetup clear $P-b && remove $P-a; }"
for scope in linear all; do
	set_to scope "$scope"
	check "a device without a table is made with scope=$scope" make_a
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

# The links can come while a load looks for them, where they are not watched.
set_to scope linear && set_to divert 0 && make_a || exit 1
if [ -e "/sys/dev/block/$number" ]; then
	skipped 4 "this kernel links a device when its table is parsed"
else
	check "the first load of a onto a disk ends while the load of b looks at a" \
		links_in_between /dev/ram0
	check "the load of b is accepted if a turns out to be on a disk" [ "$STATUS" = 0 ]
	dmsetup clear "$P-b" && remove "$P-a" && make_a || exit 1
	check "the first load of a onto b ends while the load of b looks at a" \
		links_in_between "/dev/mapper/$P-b"
	check "the load of b is refused if a turns out to be on b" closed_loop
fi
finish
