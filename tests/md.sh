#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# md and bcache ignore a refusal: a loop of theirs is logged, counted and contained.
. "$(dirname "$0")/lib.sh"

plan 20
require make-bcache mdadm
needs bcache modprobe bcache
ramdisks 2 4
X=/dev/mapper/$P-x

# With room for the device that is stacked on it.
check "an array is built" array_with_room md77 /dev/ram0
check "a linear device is created on the array" create x "0 8192 linear /dev/md77 0"

set_to scope all
before=$(counter not_refused)
listen || exit 1
check "md adds the linear device to the array below it" mdadm --quiet /dev/md77 --add "$X"
log=$(dmesg --level crit | tail -n 1)
number=$(number_of "$X")
same "the loop that md closes is logged as critical" \
	"device-mapper: linear-guard: cannot refuse md77: loop md77 -> $P-x ($number) -> md77" \
	"${log#*] }"
same "the loop that md closes is counted" "$((before + 1))" "$(counter not_refused)"
check "the loop that md closes is shown in last_refusal" grep -q \
	" loop $(cat /sys/block/md77/dev) cannot refuse md77: loop md77 -> " "$PARAMS/last_refusal"
check "the loop that md closes is announced by the array" wait_for announced 1 \
	ACTION=change DEVNAME=/dev/md77 DM_LINEAR_GUARD=loop
check "the linear device is a slave of the array" [ -e "/sys/block/md77/slaves/$number" ]
check "the array is a holder of the linear device" [ -e "/sys/block/$number/holders/md77" ]

refused "another table of a device in the loop is refused" "$ELOOP" "Device closes a loop" \
	reload x "0 8192 linear /dev/md77 0"
check "a device in the loop is suspended" dmsetup suspend "$P-x"
refused "the resume of a device in the loop is refused" "$ELOOP" \
	"not resuming $P-x ($number): loop" dmsetup resume "$P-x"
check "a table that opens the loop is accepted and resumed" swap x "0 8192 linear /dev/ram1 0"
check "the linear device is removed from the array" eval \
	"mdadm --quiet /dev/md77 --fail $X && wait_for mdadm --quiet /dev/md77 --remove $X"
check "a table of the linear device onto the array is accepted again" \
	swap x "0 8192 linear /dev/md77 0"
# bcache makes a new disk, which closes no loop, but can be too high.
swap x "0 8192 linear /dev/ram1 0" || exit 1
set_to max_depth 1 || exit 1
bcache=$(make_bcache "$X")
check "bcache makes a disk on a device that has the maximum depth" \
	[ -d "/sys/block/$bcache/bcache" ]
log=$(dmesg --level crit | tail -n 1)
same "the stack that bcache makes too deep is logged as critical" \
	"device-mapper: linear-guard: cannot refuse $bcache: stack deeper than 1 $bcache -> $P-x ($number) -> ram1" \
	"${log#*] }"
same "the stack that bcache makes too deep is counted" "$((before + 2))" "$(counter not_refused)"
check "the bcache is stopped" stop_bcache "$bcache"

set_to scope linear
same "the counter is unchanged at the end" "$((before + 2))" "$(counter not_refused)"
finish
