#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A load whose link is judged before all links are known is judged once more.
. "$(dirname "$0")/lib.sh"

plan 4
gates
ramdisks 1 4
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

create b "0 2048 linear /dev/ram0 0" || exit 1
# Another target's, so that nobody knows of it while links are not watched.
create a "0 2048 striped 1 8 /dev/ram0 0" || exit 1
check "links are watched while the load of b onto a goes on, with a on a disk" begins_in_between
check "the load of b is accepted if a is found to be on a disk" [ "$STATUS" = 0 ]
dmsetup clear "$P-b" && set_to divert 0 || exit 1
swap a "0 2048 striped 1 8 /dev/mapper/$P-b 0" || exit 1
check "links are watched while the load of b onto a goes on, with a on b" begins_in_between
check "the load of b is refused if a is found to be on b" closed_loop
dmsetup clear "$P-b" || exit 1
finish
