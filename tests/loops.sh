#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A table that closes a loop of linear devices is refused, however long, in either slot.
. "$(dirname "$0")/lib.sh"

plan 29
ramdisks 1 4
check "31 linear devices are stacked on a RAM disk" chain d 31 /dev/ram0
table=$(dmsetup table "$P-d1")
sectors 1 8 | dd of="$CHAIN" bs=4k oflag=direct status=none
same "data written to the top of the stack is on the RAM disk" "$(sectors 1 8)" \
	"$(dd if=/dev/ram0 bs=4k count=1 iflag=direct status=none)"

for length in 2 3 8 31; do
	before=$(($(counter loops_refused) - ATTEMPTS))
	refused "a table that closes a loop of $length devices is refused" "$ELOOP" \
		"Device closes a loop" reload d1 "0 2048 linear /dev/mapper/$P-d$length 0"
	same "the refusal of a loop of $length devices is counted" \
		"$((before + ATTEMPTS))" "$(counter loops_refused)"
done
if [ "${UPSTREAM-}" ]; then
	skipped 1 "there is no linear-guard target"
else
	refused "a linear-guard table that closes a loop is refused" "$ELOOP" \
		"Device closes a loop" reload d1 "0 2048 linear-guard $CHAIN 0"
fi
refused "a table whose last segment closes a loop is refused" "$ELOOP" "Device closes a loop" \
	reload d1 "0 8 linear /dev/ram0 0
8 8 linear /dev/ram0 8
16 8 linear $CHAIN 16"
refused "a table that closes a loop in the middle of the stack is refused" "$ELOOP" \
	"Device closes a loop" reload d7 "0 2048 linear /dev/mapper/$P-d9 0"
same "no refused table is left in the inactive slot of d1" "" \
	"$(dmsetup table --inactive "$P-d1")"
same "the RAM disk is the only slave of d1" ram0 \
	"$(ls "/sys/block/$(number_of "/dev/mapper/$P-d1")/slaves")"
same "the live table of d1 is unchanged after the refusals" "$table" "$(dmsetup table "$P-d1")"

# An inactive table counts until it is cleared.
create x "0 2048 linear /dev/ram0 0" || exit 1
check "an inactive table of x onto the top of the stack is accepted" \
	reload x "0 2048 linear $CHAIN 0"
refused "a table that closes a loop through an inactive table is refused" "$ELOOP" \
	"Device closes a loop" reload d1 "0 2048 linear /dev/mapper/$P-x 0"
check "the inactive table of x is cleared" dmsetup clear "$P-x"
check "an inactive table of d1 onto x is accepted after x is cleared" \
	reload d1 "0 2048 linear /dev/mapper/$P-x 0"
refused "a table of x onto the top is refused while d1 has one onto x" "$ELOOP" \
	"Device closes a loop" reload x "0 2048 linear $CHAIN 0"
check "the inactive table of d1 is cleared" dmsetup clear "$P-d1"
check "a table of x onto the top is accepted after d1 is cleared" \
	swap x "0 2048 linear $CHAIN 0"
same "x reads the data of the stack" "$(sectors 1 8)" \
	"$(dd if="/dev/mapper/$P-x" bs=4k count=1 iflag=direct status=none)"

# To put the stack on top of x: a live table counts until another takes its place.
check "an inactive table of x onto the RAM disk is accepted" \
	reload x "0 2048 linear /dev/ram0 0"
refused "a table of d1 onto x is refused while the live table of x counts" "$ELOOP" \
	"Device closes a loop" reload d1 "0 2048 linear /dev/mapper/$P-x 0"
check "x is resumed and leaves the stack" dmsetup resume "$P-x"
check "the stack is moved on top of x" swap d1 "0 2048 linear /dev/mapper/$P-x 0"
check "the stack is moved back onto the RAM disk" swap d1 "$table"
finish
