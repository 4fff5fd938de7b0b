#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A stack of four devices works, and is taken down in order only.
. "$(dirname "$0")/lib.sh"

plan 12
with_udev
ramdisks 1 1
sectors 0 2048 >/dev/ram0 && sync || exit 1
below=/dev/ram0
for i in 1 2 3 4; do
	check "a device can be created at level $i of the stack" \
		create "$i" "0 $((2048 - i * 8)) linear $below 8"
	below=/dev/mapper/$P-$i
done
check "the offsets of the four tables add up" cmp "$below" <(sectors 32 $((2048 - 32)))
same "the module has one more user for each device" $((USERS + 4)) "$(users)"

for i in 1 2 3; do
	check "removal of device $i, below device $((i + 1)), is refused with EBUSY" \
		says "Device or resource busy" dmsetup remove "$P-$i"
done
# taken_down: from the top, and the test has no device any more.
taken_down() {
	local all
	remove "$P-"{4,3,2,1} && all=$(dmsetup ls) && [[ $'\n'$all != *$'\n'"$P-"* ]]
}
check "the four devices can be removed from the top down" taken_down
same "the module has as many users as before the stack" "$USERS" "$(users)"
same "the RAM disk has no holder after the removal" "" "$(ls /sys/block/ram0/holders 2>&1)"
finish
