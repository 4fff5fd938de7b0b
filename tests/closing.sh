#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# With scope=all, no target closes a loop, nor makes a stack too deep.
. "$(dirname "$0")/lib.sh"

plan $((4 * ${#TARGETS[@]} + 9))
require mdadm sfdisk
ramdisks 3 8
without_udev
hurry
for module in dm-{crypt,delay,snapshot,thin-pool,mirror,raid,writecache,cache}; do
	modprobe -q "$module"
done

set_to scope all
create a "0 8192 linear /dev/ram0 0"
create b "0 8192 linear /dev/mapper/$P-a 0"
# A mapped device keeps the kind of queue that it began with.
create c "0 8192 linear /dev/mapper/$P-b 0"
held=$(find /sys/block/ram0/holders/ -type l | wc -l)
for kind in "${TARGETS[@]}"; do
	empty_ramdisks
	refused "$kind closes no loop" "$ELOOP" "refusing $P-a" \
		reload a "$(table "$kind" "/dev/mapper/$P-c" 8192)"
	set_to max_depth 3
	refused "$kind is not too deep as a first table" "$ELOOP" \
		"refusing $P-new" create new "$(table "$kind" "/dev/mapper/$P-c" 8192)"
	set_to max_depth 4
	check "$kind is accepted where it is neither" \
		create new "$(table "$kind" "/dev/mapper/$P-c" 8192)"
	check "$kind serves" dd if="/dev/mapper/$P-new" of=/dev/null bs=4k \
		count=1 iflag=direct
	remove_device "$P-new"
done
same "no inactive table is left of all these" "" \
	"$(dmsetup table --inactive "$P-a")"
same "nothing more is held" "$held" \
	"$(find /sys/block/ram0/holders/ -type l | wc -l)"

# In between, a partition of the kernel's, whose disk stands on more.
on_a_partition() {
	array md77 "/dev/mapper/$P-c" && partition /dev/md77 2048,4096,83 &&
		create d "$(table striped /dev/md77p1 4096)"
}
set_to max_depth 32
check "a striped device on a partition of an array" on_a_partition
refused "closes no loop" "$ELOOP" "refusing $P-a" \
	reload a "$(table striped "/dev/mapper/$P-d" 2048)"
check "but serves what is none" \
	create new "$(table striped "/dev/mapper/$P-d" 2048)"
check "well" dd if="/dev/mapper/$P-new" of=/dev/null bs=4k count=1 iflag=direct
remove_device "$P-new"
remove_device "$P-d"
check "and the array is stopped" mdadm --quiet --stop /dev/md77

set_to scope linear
check "with scope=linear a loop can be loaded" \
	reload a "$(table striped "/dev/mapper/$P-c" 8192)"
check "and cleared" dmsetup clear "$P-a"
finish
