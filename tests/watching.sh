#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A load that comes as links begin to be watched, or are to be watched no longer, is judged by
# all of them.
# shellcheck source=tests/holds.sh
. "$(dirname "$0")/holds.sh"

plan 8
gates
users_can_hold
ramdisks 1 4
await_holders
PROC=$(mktemp -d)
defer rmdir "$PROC"
needs "calls that can be diverted" set_to divert 1
set_to scope linear && set_to divert 0 || exit 1

# begins_in_between: divert=Y has calls diverted, and is held when it looks what a is
# stacked on; the load of b onto a has its link judged, is held just before that is
# made, and goes on when all links are known.  (Each link comes to the gate twice: where it
# is diverted, and when it is judged.)
begins_in_between() {
	printf %s "/devices/virtual/block/$(number_of "/dev/mapper/$P-a")/slaves" >"$GATES/look"
	in_order hold_look 1 "set_to divert 1" \
		hold 2 "reload b '0 2048 linear /dev/mapper/$P-a 0'"
}

# ends_in_between DEVICE: the load of b onto a begins while links are watched, and sleeps
# while the path to a is looked up, in a directory that is held; divert=N begins, and
# waits; a is loaded, onto that device; then the load of b goes on.
ends_in_between() {
	local load divert status=0
	new_messages
	# One in which nothing was looked up before.
	mount -t proc proc "$PROC" || return
	begin held "$HERE/hold" "$PROC" || status=1
	env dmsetup reload "$P-b" \
		--table "0 2048 linear $PROC/$$/root/dev/mapper/$P-a 0" &
	load=$!
	wait_for sleeps_in lookup_bdev "$load" || status=1
	set_to divert 0 &
	divert=$!
	wait_for eval "sleeps_in synchronize_srcu $divert || has_ended $divert" || status=1
	reload a "0 2048 striped 1 8 $1 0" || status=1
	sleeps_in lookup_bdev "$load" || status=1
	let_go || status=1
	wait "$load"
	STATUS=$?
	wait "$divert" || status=1
	umount "$PROC" || status=1
	new_messages
	echo "$MESSAGES"
	return "$status"
}

create b "0 2048 linear /dev/ram0 0" || exit 1
# Another target's, so that nobody knows of it while links are not watched.
create a "0 2048 striped 1 8 /dev/ram0 0" || exit 1
check "links are watched while the load of b onto a goes on, with a on a disk" begins_in_between
check "the load of b is accepted if a is found to be on a disk" [ "$STATUS" = 0 ]
dmsetup clear "$P-b" && set_to divert 0 || exit 1
swap a "0 2048 striped 1 8 /dev/mapper/$P-b 0" || exit 1
check "links are watched while the load of b onto a goes on, with a on b" begins_in_between
check "the load of b is refused if a is found to be on b" closed_loop
swap a "0 2048 striped 1 8 /dev/ram0 0" || exit 1

check "links are watched until the load of b onto a has ended, with a on a disk" \
	ends_in_between /dev/ram0
check "the load of b is accepted if a was loaded onto a disk meanwhile" [ "$STATUS" = 0 ]
dmsetup clear "$P-b" && dmsetup clear "$P-a" && set_to divert 1 || exit 1
check "links are watched until the load of b onto a has ended, with a on b" \
	ends_in_between "/dev/mapper/$P-b"
check "the load of b is refused if a was loaded onto b meanwhile" closed_loop
dmsetup clear "$P-b" || exit 1
finish
