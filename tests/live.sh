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

# The part of the device that fio does not write to: sectors that say their numbers.
rest() {
	sectors 16384 4096
}

# reads_rest DEVICE SECTOR: it is there.
reads_rest() {
	cmp <(dd if="$1" bs=64k skip=$(($2 * 512)) count=2M iflag=direct,skip_bytes,count_bytes \
		status=none) <(rest)
}

more_io() {
	[ "$(io_rounds)" -gt "$begun" ]
}

mirrored() {
	[[ $(dmsetup status "$P-live") == *" 160/160 "* ]]
}

create live "0 20480 linear /dev/ram0 0" || exit 1
rest | dd of="$device" bs=1M seek=8 oflag=direct iflag=fullblock status=none || exit 1
start_io "$device" 1M

begun=$(io_rounds)
check "I/O is under way before the first change" io_begins
check "the device is extended onto another disk" swap live "0 20480 linear /dev/ram0 0
20480 8192 linear /dev/ram1 0"
check "the device is shrunk back to one disk" swap live "0 20480 linear /dev/ram0 0"
for options in "" --noflush --nolockfs "--noflush --nolockfs"; do
	# shellcheck disable=SC2086
	check "the device is suspended${options:+ with $options} and resumed" eval "
		dmsetup suspend $options $P-live && dmsetup resume $P-live"
done

# A mirror copies the device to another disk and another offset.
create from "0 20480 linear /dev/ram0 0" || exit 1
create to "0 20480 linear /dev/ram1 9000" || exit 1
check "the device is mirrored onto another disk" eval "
	swap live '0 20480 mirror core 1 128 2 /dev/mapper/$P-from 0 /dev/mapper/$P-to 0' &&
	wait_for mirrored"
check "the device is moved to the other disk" swap live "0 20480 linear /dev/ram1 9000"
check "the part without I/O reads as before the changes" reads_rest "$device" 16384
check "the part without I/O lies on the disk where the new table says" \
	reads_rest /dev/ram1 $((9000 + 16384))

stop_io
check "a round of I/O that the changes fell into is completed" wait_for more_io
check "fio sees no I/O error and reads what it wrote" finish_io
finish
