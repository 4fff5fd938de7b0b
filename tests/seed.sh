#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The scenario that started this: a device is reloaded onto itself and resumed.
. "$(dirname "$0")/lib.sh"

# What udev does to each new device; 2 means that nothing was recognised.
blkid_probe() {
	blkid -p "$self"
	[ $? = 2 ]
}

plan 9
ramdisks 1 4
sectors 0 8192 >/dev/ram0
data=$(md5sum </dev/ram0)
self=/dev/mapper/$P-test

check "the device is created" create test "0 8192 linear /dev/ram0 0"
table=$(dmsetup table "$P-test")
check "it is suspended" dmsetup suspend "$P-test"
refused "it is not reloaded onto itself" "Invalid argument" \
	"Device maps onto itself" reload test "0 2048 linear $self 0"
same "no inactive table is left" \
	"" "$(dmsetup table --inactive "$P-test")"
check "it is resumed" dmsetup resume "$P-test"
same "it has the table that it had" "$table" "$(dmsetup table "$P-test")"
same "it has the data that it had" "$data" "$(md5sum <"$self")"
check "probing it harms nobody" blkid_probe
check "a good table is accepted afterwards" \
	swap test "0 2048 linear /dev/ram0 2048"
finish
