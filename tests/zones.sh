#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The zones of a zoned disk are reported at the offsets that the table gives.
. "$(dirname "$0")/lib.sh"

plan 10
require blkzone
null_disk zoned size=64 zoned=1 zone_size=4 zone_nr_conv=2 memory_backed=1
udevadm settle
disk=$NULL

# Zones of 8192 sectors; the table starts with zone 4, then zone 1.
dd if=/dev/zero of="$disk" bs=4k count=3 seek=$((4 * 1024)) oflag=direct status=none
check "a table of zones is accepted" create zoned \
	"0 32768 linear $disk 32768
32768 8192 linear $disk 8192"
device=/dev/mapper/$P-zoned

# blkzone reports for ever if zones do not advance.
blkzone() {
	timeout 20 blkzone "$@"
}

# field NAME ZONE: of the report on the device, in hexadecimal.
field() {
	blkzone report "$device" | sed -n "$(($2 + 1))p" |
		grep -oE "$1[: ]+0x[0-9a-f]+" | grep -oE '0x[0-9a-f]+'
}
same "all five zones are reported" 5 "$(blkzone report "$device" | wc -l)"
same "the last starts where its segment does" 0x000008000 "$(field start 4)"
same "the first has been written to" 0x000018 "$(field wptr 0)"
check "it is written on where its pointer is" dd if=/dev/zero of="$device" \
	bs=4k count=1 seek=3 oflag=direct status=none
same "and below, so is the fourth" 0x000020 \
	"$(blkzone report -o 32768 -c 1 "$disk" | grep -oE 'wptr 0x[0-9a-f]+' |
		cut -d' ' -f2)"

# cond ZONE: of the report on the device, as "em" (empty) or "fu" (full).
cond() {
	blkzone report "$device" | sed -n "$(($1 + 1))p" |
		grep -oE 'zcond:[^(]*\((..)' | grep -oE '..$'
}
check "the third zone is finished" blkzone finish -o 16384 -l 8192 "$device"
same "and full" fu "$(cond 2)"
check "and reset" blkzone reset -o 16384 -l 8192 "$device"
same "and empty" em "$(cond 2)"
finish
