#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Under verified I/O a device grows, shrinks, pauses and moves; nothing is lost.
# shellcheck disable=SC2016 # eval is to expand it
. "$(dirname "$0")/lib.sh"

plan 13
require fio
ramdisks 2 48
without_udev
hurry
device=/dev/mapper/$P-live

# The rest of the device, which nobody writes to.
rest() {
	dd if="$device" bs=1M skip=8 count=8 iflag=direct status=none | sha256sum
}

mirrored() {
	[[ $(dmsetup status "$P-live") == *" 256/256 "* ]]
}

create live "0 32768 linear /dev/ram0 0"
dd if=/dev/urandom of="$device" bs=1M count=16 oflag=direct status=none
before=$(rest)
start_io "$device" 1M

check "there is I/O" wait_for [ -s "$IO/rounds" ]
begun=$(io_rounds)
check "it is extended onto another disk" swap live "0 32768 linear /dev/ram0 0
32768 8192 linear /dev/ram1 0"
check "and shrunk" swap live "0 32768 linear /dev/ram0 0"
for options in "" --noflush --nolockfs "--noflush --nolockfs"; do
	# shellcheck disable=SC2086
	check "it is suspended${options:+ with $options} and resumed" eval "
		dmsetup suspend $options $P-live && dmsetup resume $P-live"
done

# To another disk and another offset, by a mirror for the time being.
create from "0 32768 linear /dev/ram0 0"
create to "0 32768 linear /dev/ram1 9000"
check "it is mirrored" eval "
	swap live '0 32768 mirror core 1 128 2 /dev/mapper/$P-from 0 /dev/mapper/$P-to 0' &&
	wait_for mirrored"
check "and moved" swap live "0 32768 linear /dev/ram1 9000"
same "what nobody wrote to is what it was" "$before" "$(rest)"
same "where the table says" "$before" "$(dd if=/dev/ram1 bs=64k status=none \
	iflag=direct,skip_bytes skip=$(((9000 + 16384) * 512)) count=128 | sha256sum)"

check "no I/O error, nothing lost" finish_io
check "there was I/O meanwhile" [ "$(io_rounds)" -gt "$begun" ]
finish
