#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The zones of a zoned disk are reported at the offsets that the table gives.
. "$(dirname "$0")/lib.sh"

plan 10
require blkzone
null_disk zoned size=64 zoned=1 zone_size=4 zone_nr_conv=2 memory_backed=1
disk=$NULL

# Zones of 8192 sectors; the table starts with zone 4, then zone 1.
dd if=/dev/zero of="$disk" bs=4k count=3 seek=$((4 * 1024)) oflag=direct status=none || exit 1
check "a table onto zones of a zoned disk is accepted" create zoned \
	"0 32768 linear $disk 32768
32768 8192 linear $disk 8192"
device=/dev/mapper/$P-zoned

# of_zone NUMBER REGEX DEVICE [OPTION...]: of blkzone's report on that zone, counted
# from 0, what the brackets match.  The report has no end if zones do not advance.
of_zone() {
	local zones
	mapfile -t zones < <(blkzone report "${@:4}" "$3")
	[[ ${zones[$1]} =~ $2 ]] && echo "${BASH_REMATCH[1]}"
}
start='start[: ]+(0x[0-9a-f]+)'
pointer='wptr[: ]+(0x[0-9a-f]+)'
# "em" for empty, "fu" for full.
condition='zcond:[^(]*\((..)'

same "all five zones of the table are reported" 5 "$(blkzone report "$device" | wc -l)"
same "the last zone is reported to start where its segment does" 0x000008000 \
	"$(of_zone 4 "$start" "$device")"
same "the first zone is reported to have been written to" 0x000018 \
	"$(of_zone 0 "$pointer" "$device")"
check "the first zone can be written at its write pointer" dd if=/dev/zero of="$device" \
	bs=4k count=1 seek=3 oflag=direct status=none
same "the write pointer of the zone of the disk below has advanced" 0x000020 \
	"$(of_zone 0 "$pointer" "$disk" -o 32768 -c 1)"

check "the third zone can be finished" blkzone finish -o 16384 -l 8192 "$device"
same "the third zone is reported full once it is finished" fu \
	"$(of_zone 2 "$condition" "$device")"
check "the third zone can be reset" blkzone reset -o 16384 -l 8192 "$device"
same "the third zone is reported empty once it is reset" em \
	"$(of_zone 2 "$condition" "$device")"
finish
