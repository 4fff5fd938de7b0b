#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Under verified I/O a device is extended, shrunk, suspended and moved, and loses nothing.
# shellcheck disable=SC2016 # eval is to expand it
. "$(dirname "$0")/lib.sh"

plan 13
require fio
ramdisks 2 48
hurry
device=/dev/mapper/$P-live

# The part of the device that fio does not write to.
rest() {
	dd if="$device" bs=1M skip=8 count=8 iflag=direct status=none | sha256sum
}

more_io() {
	[ "$(io_rounds)" -gt "$begun" ]
}

mirrored() {
	[[ $(dmsetup status "$P-live") == *" 256/256 "* ]]
}

create live "0 32768 linear /dev/ram0 0" || exit 1
dd if=/dev/urandom of="$device" bs=1M count=16 oflag=direct status=none || exit 1
before=$(rest)
start_io "$device" 1M

check "I/O is under way before the first change" wait_for [ -s "$IO/rounds" ]
begun=$(io_rounds)
check "the device is extended onto another disk" swap live "0 32768 linear /dev/ram0 0
32768 8192 linear /dev/ram1 0"
check "the device is shrunk back to one disk" swap live "0 32768 linear /dev/ram0 0"
for options in "" --noflush --nolockfs "--noflush --nolockfs"; do
	# shellcheck disable=SC2086
	check "the device is suspended${options:+ with $options} and resumed" eval "
		dmsetup suspend $options $P-live && dmsetup resume $P-live"
done

# A mirror copies the device to another disk and another offset.
create from "0 32768 linear /dev/ram0 0" || exit 1
create to "0 32768 linear /dev/ram1 9000" || exit 1
check "the device is mirrored onto another disk" eval "
	swap live '0 32768 mirror core 1 128 2 /dev/mapper/$P-from 0 /dev/mapper/$P-to 0' &&
	wait_for mirrored"
check "the device is moved to the other disk" swap live "0 32768 linear /dev/ram1 9000"
same "the part without I/O reads as before the changes" "$before" "$(rest)"
same "the part without I/O lies on the disk where the new table says" "$before" \
	"$(dd if=/dev/ram1 bs=64k skip=$(((9000 + 16384) * 512)) count=128 status=none \
	iflag=direct,skip_bytes | sha256sum)"

check "a round of I/O that the changes fell into is completed" wait_for more_io
check "fio sees no I/O error and reads what it wrote" finish_io
finish
