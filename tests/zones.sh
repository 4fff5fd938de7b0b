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

# report DEVICE [OPTION...]: sets ZONES to what blkzone says of its zones.  A report has
# no end if zones do not advance.
report() {
	blkzone report "${@:2}" "$1" >"$OUTPUT.zones" || exit 1
	mapfile -t ZONES <"$OUTPUT.zones"
}
defer rm -f "$OUTPUT.zones"

# find_in ZONE REGEX: sets FOUND to what the brackets match in the report on that zone,
# counted from 0.
find_in() {
	FOUND=
	[[ ! ${ZONES[$1]-} =~ $2 ]] || FOUND=${BASH_REMATCH[1]}
}
start='start[: ]+(0x[0-9a-f]+)'
pointer='wptr[: ]+(0x[0-9a-f]+)'
# "em" for empty, "fu" for full.
condition='zcond:[^(]*\((..)'

report "$device"
same "all five zones of the table are reported" 5 ${#ZONES[@]}
find_in 4 "$start"
same "the last zone is reported to start where its segment does" 0x000008000 "$FOUND"
find_in 0 "$pointer"
same "the first zone is reported to have been written to" 0x000018 "$FOUND"
check "the first zone can be written at its write pointer" dd if=/dev/zero of="$device" \
	bs=4k count=1 seek=3 oflag=direct status=none
report "$disk" -o 32768 -c 1
find_in 0 "$pointer"
same "the write pointer of the zone of the disk below has advanced" 0x000020 "$FOUND"

check "the third zone can be finished" blkzone finish -o 16384 -l 8192 "$device"
report "$device"
find_in 2 "$condition"
same "the third zone is reported full once it is finished" fu "$FOUND"
check "the third zone can be reset" blkzone reset -o 16384 -l 8192 "$device"
report "$device"
find_in 2 "$condition"
same "the third zone is reported empty once it is reset" em "$FOUND"
finish
