#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A link counts until the kernel has removed it.
. "$(dirname "$0")/lib.sh"

plan 9
gates
ramdisks 1 4
needs "calls that can be diverted" set_to divert 1
set_to scope linear || exit 1

# load_b: the load of b onto a, which keeps nothing waiting.
load_b() {
	reload b "0 2048 linear /dev/mapper/$P-a 0"
}

# loads_in_between: a table of a is cleared, which is held just before its link is removed;
# meanwhile b is loaded onto a.  (Each comes to the gate twice: where it is diverted, and when
# the link is to go.)  Nothing in between may wait for an RCU grace period.
loads_in_between() {
	local pid status=0
	new_messages
	echo 2 >"$GATES/hold_unlink"
	dmsetup clear "$P-a" &
	pid=$!
	wait_for is_held hold_unlink || status=1
	load_b
	STATUS=$?
	is_held hold_unlink || status=1
	echo 0 >"$GATES/hold_unlink"
	wait "$pid" || status=1
	new_messages
	echo "$MESSAGES"
	return "$status"
}

create b "0 2048 linear /dev/ram0 0" || exit 1
# Another target's, so that nobody knows of its links but by watching them.
create a "0 2048 striped 1 8 /dev/ram0 0" || exit 1
reload a "0 2048 striped 1 8 /dev/mapper/$P-b 0" || exit 1
check "b is loaded onto a while a's link to b is about to be removed" loads_in_between
check "the load of b is refused until a's link to b is removed" closed_loop
check "the load of b is accepted once a's link to b is removed" load_b
dmsetup clear "$P-b" || exit 1

# A device that is opened in two ways is linked twice, which sysfs does not show.
set_to divert 0 && swap a "0 2048 striped 1 8 /dev/mapper/$P-b 0" || exit 1
check "b is linked to a, twice, before links are watched" \
	dmsetup reload --readonly "$P-a" --table "0 2048 striped 1 8 /dev/mapper/$P-b 0"
check "links are watched after b is linked to a twice" set_to divert 1
check "one of a's two links to b is removed" dmsetup clear "$P-a"
refused "a load of b is refused while the other of a's two links is there" "$ELOOP" \
	"Device closes a loop" load_b
check "the other of a's two links to b is removed" swap a "0 2048 striped 1 8 /dev/ram0 0"
check "a load of b is accepted once both of a's links are removed" load_b
dmsetup clear "$P-b" || exit 1
finish
