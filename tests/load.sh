#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Under I/O, dozens of refused tables cost no error and lose nothing.
. "$(dirname "$0")/lib.sh"

plan 5
with_udev
require fio
ramdisks 1 16
create load "0 16384 linear /dev/ram0 100" || exit 1
table=$(dmsetup table "$P-load")
device=/dev/mapper/$P-load

# bad TABLE: it is refused with EINVAL.
bad() {
	says "$EINVAL" reload load "$1"
}

all_bad() {
	local i line status=0
	for ((i = 0; i < 20; i++)); do
		for line in "$device 0" "/dev/ram0 0x" "/dev/ram0 99999999"; do
			bad "0 2048 linear $line" || status=1
		done
	done
	return "$status"
}

more_io() {
	[ "$(io_rounds)" -gt "$begun" ]
}

start_io "$device" 2M
begun=$(io_rounds)
io_begins || exit 1
check "each of 60 bad tables is refused with EINVAL under I/O" all_bad
check "a bad table is refused while the device is suspended" eval \
	"dmsetup suspend $P-load && bad '0 8 linear $device 0' && dmsetup resume $P-load"
stop_io
check "a round of I/O that the loads fell into is completed" wait_for more_io
check "fio sees no I/O error and reads what it wrote" finish_io
same "the live table is unchanged after the refusals" "$table" "$(dmsetup table "$P-load")"
finish
