#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A load that meets a device whose first load has yet to link it is judged by those links.
. "$(dirname "$0")/lib.sh"

plan 20
gates
ramdisks 1 4

# both TARGET STATUSES: two loads close a loop, and end in one of these.  The first load, of
# a device without a table, is of that target, and is held just before it is linked, until
# the second one waits for it, or has ended.
both() {
	local first second hold=$GATES/hold
	new_messages
	echo 1 >"$hold"
	env dmsetup reload "$P-a" --table "$(table "$1" "/dev/mapper/$P-b" 2048)" &
	first=$!
	wait_for is_held hold || return
	env dmsetup reload "$P-b" --table "0 2048 linear $number 0" &
	second=$!
	wait_for eval "sleeps_in guard_check_open $second || has_ended $second"
	echo 0 >"$hold"
	wait "$first"
	first=$?
	wait "$second"
	second=$?
	echo "the first: $first, the second: $second"
	new_messages
	echo "$MESSAGES"
	[[ "$first $second" =~ ^($2)$ && $MESSAGES == *"refusing $P-"*": loop $P-"* ]]
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
	for target in linear striped; do
		with="a first load of a $target table, scope=$scope"
		check "a device without a table is made for $with" make_a
		# 5.10 has added the device already, and links it when the table is parsed.
		if [ ! -e "/sys/dev/block/$number" ]; then
			check "the later of two loads that close a loop is refused, with $with" \
				both "$target" "0 1"
		elif [ "$target $scope" = "striped linear" ]; then
			skipped 1 "this kernel links a striped table at once, and it is not checked"
		else
			check "one of two loads that close a loop is refused, with $with" \
				both "$target" "0 1|1 0"
		fi
		check "the inactive table of b is cleared after $with" dmsetup clear "$P-b"
		check "device a is removed after $with" dmsetup remove "$P-a"
	done
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
