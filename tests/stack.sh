#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A stack of four devices works, and is taken down in order only.
. "$(dirname "$0")/lib.sh"

plan 12
with_udev
ramdisks 1 4
sectors 0 8192 >/dev/ram0 && sync || exit 1
below=/dev/ram0
for i in 1 2 3 4; do
	check "a device can be created at level $i of the stack" \
		create "$i" "0 $((8192 - i * 8)) linear $below 8"
	below=/dev/mapper/$P-$i
done
check "the offsets of the four tables add up" cmp "$below" <(sectors 32 $((8192 - 32)))
same "the module has one more user for each device" $((USERS + 4)) "$(users)"

# none_left: the test has no device any more.
none_left() {
	local all
	all=$(dmsetup ls) && fails grep "^$P-" <<<"$all"
}

for i in 1 2 3; do
	check "removal of device $i, below device $((i + 1)), is refused with EBUSY" \
		says "Device or resource busy" dmsetup remove "$P-$i"
done
for i in 4 3 2 1; do
	dmsetup remove --retry "$P-$i" || break
done
check "the four devices can be removed from the top down" none_left
same "the module has as many users as before the stack" "$USERS" "$(users)"
same "the RAM disk has no holder after the removal" "" "$(ls /sys/block/ram0/holders 2>&1)"
finish
