#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A stack of four devices works, and is taken down in order only.
. "$(dirname "$0")/lib.sh"

plan 12
ramdisks 1 4
sectors 0 8192 >/dev/ram0
sync
below=/dev/ram0
for i in 1 2 3 4; do
	check "level $i" create "$i" "0 $((8192 - i * 8)) linear $below 8"
	below=/dev/mapper/$P-$i
done
check "four offsets add up" cmp "$below" <(sectors 32 $((8192 - 32)))
same "the module has a user for each" $((USERS + 4)) "$(users)"

for i in 1 2 3; do
	check "level $i is not removed from under the next" eval \
		"dmsetup remove $P-$i 2>&1 | grep -q 'Device or resource busy'"
done
for i in 4 3 2 1; do
	dmsetup remove "$P-$i" || break
done
same "from the top they all are" "" "$(dmsetup ls | grep "^$P-")"
same "the module has the users it had" "$USERS" "$(users)"
same "nothing holds the RAM disk" "" "$(ls /sys/block/ram0/holders)"
finish
