#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Linear devices are not closed into a loop, however long, in either slot.
. "$(dirname "$0")/lib.sh"

plan 29
ramdisks 1 4
without_udev
check "31 devices are stacked" chain d 31 /dev/ram0
table=$(dmsetup table "$P-d1")
sectors 1 8 | dd of="$CHAIN" bs=4k oflag=direct 2>/dev/null
same "and pass data on" "$(sectors 1 8)" \
	"$(dd if=/dev/ram0 bs=4k count=1 iflag=direct 2>/dev/null)"

for length in 2 3 8 31; do
	before=$(counter loops_refused)
	refused "no loop of $length" "$ELOOP" "Device closes a loop" \
		reload d1 "0 2048 linear /dev/mapper/$P-d$length 0"
	same "which is counted" "$((before + 1))" "$(counter loops_refused)"
done
refused "nor by the target's other name" "$ELOOP" "Device closes a loop" \
	reload d1 "0 2048 linear-guard $CHAIN 0"
refused "nor in the last of several segments" "$ELOOP" "Device closes a loop" \
	reload d1 "0 8 linear /dev/ram0 0
8 8 linear /dev/ram0 8
16 8 linear $CHAIN 16"
refused "nor from the middle" "$ELOOP" "Device closes a loop" \
	reload d7 "0 2048 linear /dev/mapper/$P-d9 0"
same "no inactive table is left of all these" "" \
	"$(dmsetup table --inactive "$P-d1")"
same "nothing but the RAM disk is held" 1 \
	"$(find "/sys/block/$(number_of "/dev/mapper/$P-d1")/slaves/" -type l | wc -l)"
same "the live table is what it was" "$table" "$(dmsetup table "$P-d1")"

# The other slot: what is not resumed yet counts, until it is cleared.
create x "0 2048 linear /dev/ram0 0"
check "an inactive table goes on top" reload x "0 2048 linear $CHAIN 0"
refused "so that no loop is closed through it" "$ELOOP" "Device closes a loop" \
	reload d1 "0 2048 linear /dev/mapper/$P-x 0"
check "once it is cleared" dmsetup clear "$P-x"
check "there is none to be closed" reload d1 "0 2048 linear /dev/mapper/$P-x 0"
refused "and x cannot go on top" "$ELOOP" "Device closes a loop" \
	reload x "0 2048 linear $CHAIN 0"
check "until d1 is cleared" dmsetup clear "$P-d1"
check "then it can, and serve" swap x "0 2048 linear $CHAIN 0"
same "with the same data" "$(sectors 1 8)" \
	"$(dd if="/dev/mapper/$P-x" bs=4k count=1 iflag=direct 2>/dev/null)"

# Turning a stack round: what is to go must be gone first.
check "x is to leave the stack" reload x "0 2048 linear /dev/ram0 0"
refused "its live table counts still" "$ELOOP" "Device closes a loop" \
	reload d1 "0 2048 linear /dev/mapper/$P-x 0"
check "when it has left" dmsetup resume "$P-x"
check "the stack can go on top of it" swap d1 "0 2048 linear /dev/mapper/$P-x 0"
check "and off it again" swap d1 "$table"
finish
