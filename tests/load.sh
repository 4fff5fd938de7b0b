#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Under I/O, hundreds of refused tables cost no error and lose nothing.
. "$(dirname "$0")/lib.sh"

plan 5
require fio
ramdisks 1 16
create load "0 16384 linear /dev/ram0 100"
table=$(dmsetup table "$P-load")
device=/dev/mapper/$P-load
start_io "$device" 2M

accepted=0
for ((i = 0; i < 67; i++)); do
	for line in "$device 0" "/dev/ram0 0x" "/dev/ram0 99999999"; do
		! reload load "0 2048 linear $line" 2>/dev/null ||
			accepted=$((accepted + 1))
	done
done
same "none of 201 bad tables is accepted" 0 "$accepted"
check "the device is suspended and resumed under all this" eval \
	"dmsetup suspend $P-load && ! reload load '0 8 linear $device 0' &&
	dmsetup resume $P-load"
check "no I/O error, nothing lost" finish_io
check "there was I/O meanwhile" test "$(io_rounds)" -gt 0
same "the live table is what it was" "$table" "$(dmsetup table "$P-load")"
finish
