#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The scenario that started this: a device is reloaded onto itself and resumed.
. "$(dirname "$0")/lib.sh"

# blkid_probe: what udev does to each new device; 2 means that blkid found nothing.
blkid_probe() {
	blkid -p "$self"
	[ $? = 2 ]
}

plan 9
with_udev
ramdisks 1 4
sectors 0 8192 >/dev/ram0 && sync /dev/ram0 || exit 1
data=$(md5sum </dev/ram0)
self=/dev/mapper/$P-test

check "a linear device onto a RAM disk is created" create test "0 8192 linear /dev/ram0 0"
table=$(dmsetup table "$P-test")
check "the device can be suspended" dmsetup suspend "$P-test"
refused "reload of the device onto itself is refused with EINVAL" "$EINVAL" \
	"Device maps onto itself" reload test "0 2048 linear $self 0"
same "the refused reload leaves no inactive table" \
	"" "$(dmsetup table --inactive "$P-test" 2>&1)"
check "the device can be resumed after the refused reload" dmsetup resume "$P-test"
same "the live table is unchanged after the refused reload" "$table" \
	"$(dmsetup table "$P-test")"
same "the data are unchanged after the refused reload" "$data" "$(md5sum <"$self")"
check "blkid can probe the device after the refused reload" blkid_probe
check "a table onto the RAM disk is accepted after the refused reload" \
	swap test "0 2048 linear /dev/ram0 2048"
finish
