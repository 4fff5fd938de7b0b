#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# With scope=all, no target closes a loop, nor makes a stack too deep.
. "$(dirname "$0")/lib.sh"

plan $((4 * ${#TARGETS[@]} + 11))
require mdadm sfdisk
ramdisks 3 8
hurry
needs "other targets" modprobe -a \
	dm-{crypt,delay,snapshot,thin-pool,mirror,raid,writecache,cache}

set_to scope all
create a "0 8192 linear /dev/ram0 0"
create b "0 8192 linear /dev/mapper/$P-a 0"
# A mapped device keeps the kind of queue that it began with.
create c "0 8192 linear /dev/mapper/$P-b 0"
held=$(find /sys/block/ram0/holders/ -type l | wc -l)
for kind in "${TARGETS[@]}"; do
	empty_ramdisks
	table=$(table "$kind" "/dev/mapper/$P-c" 8192)
	refused "a $kind table that closes a loop is refused" "$ELOOP" "refusing $P-a" \
		reload a "$table"
	set_to max_depth 3
	refused "a first $kind table that is too deep is refused" "$ELOOP" \
		"refusing $P-new" create new "$table"
	set_to max_depth 4
	check "a first $kind table that is not too deep is accepted" \
		create new "$table"
	check "a read from the $kind device succeeds" \
		can_be_read "/dev/mapper/$P-new"
	remove_device "$P-new"
done
# A first table's first device is fine, and the second one is not.
dmsetup create "$P-half" --notable || exit 1
defer remove_device "$P-half"
set_to max_depth 3
refused "a first table whose second device is too deep is refused" "$ELOOP" "refusing $P-half" \
	reload half "0 8192 striped 2 8 /dev/ram1 0 /dev/mapper/$P-c 0"
check "the graph keeps nothing of the table whose second device is too deep" \
	eval "[ ! -e $GRAPH ] || ! grep 'promised=[1-9]' $GRAPH"
same "no inactive table is left of the refused loads" "" \
	"$(dmsetup table --inactive "$P-a")"
same "the RAM disk has as many holders as before" "$held" \
	"$(find /sys/block/ram0/holders/ -type l | wc -l)"

# Between the two is a partition; its disk, an array, is stacked on further devices.
on_a_partition() {
	array md77 "/dev/mapper/$P-c" && partition /dev/md77 2048,4096,83 &&
		create d "$(table striped /dev/md77p1 4096)"
}
set_to max_depth 32
check "a striped device is made on a partition of an array" on_a_partition
refused "a table that closes a loop through the partition is refused" "$ELOOP" "refusing $P-a" \
	reload a "$(table striped "/dev/mapper/$P-d" 2048)"
check "a table above the partition that closes no loop is accepted" \
	create new "$(table striped "/dev/mapper/$P-d" 2048)"
check "a read through the partition succeeds" \
	can_be_read "/dev/mapper/$P-new"
remove_device "$P-new"
remove_device "$P-d"
check "the array is stopped" mdadm --quiet --stop /dev/md77

if [ "${UPSTREAM-}" ]; then
	skipped 2 "there is no scope=linear"
	finish
fi
set_to scope linear
check "a striped table that closes a loop is accepted with scope=linear" \
	reload a "$(table striped "/dev/mapper/$P-c" 8192)"
check "the table that closes a loop is cleared" dmsetup clear "$P-a"
finish
