#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A load waits for no disk that is busy and that it has nothing to do with.
. "$(dirname "$0")/lib.sh"

plan 5
require mdadm
ramdisks 2 4
create a "0 8192 linear /dev/ram0 0" && array md76 "/dev/mapper/$P-a" &&
	create b "0 2048 linear /dev/ram1 0" || exit 1

# The array's partitions are looked for, with its lock held, until a is resumed.
defer dmsetup resume "$P-a"
dmsetup suspend "$P-a"
blockdev --rereadpt /dev/md76 &
reader=$!
check "an array on a suspended device is busy" \
	wait_for sleeps_in bdev_disk_changed "$reader"
for divert in 1 0; do
	set_to scope linear && set_to divert "$divert" || exit 1
	check "a table onto a disk is loaded and resumed beside a busy array, divert=$divert" \
		swap b "0 2048 linear /dev/ram1 8"
done
dmsetup resume "$P-a"
check "partitions are looked for once a is resumed" wait "$reader"
check "a table onto the array is loaded and resumed, divert=0" \
	swap b "0 2048 linear /dev/md76 0"
finish
