#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Discards, zeroes and flushes reach the device below, at the right place.
. "$(dirname "$0")/lib.sh"

plan 10
require blkdiscard
loop_device 8
sectors 0 16384 >"$LOOP"
sync
create dev "0 4096 linear $LOOP 8192
4096 4096 linear $LOOP 0"
device=/dev/mapper/$P-dev

# holds FIRST COUNT WANTED: sectors below are zero, or hold their numbers.
holds() {
	local part=(-i "$(($1 * 512)):0" -n $(($2 * 512)))
	blockdev --flushbufs "$LOOP"
	case $3 in
	zero) cmp "${part[@]}" "$LOOP" /dev/zero ;;
	number) cmp "${part[@]}" "$LOOP" <(sectors "$1" "$2") ;;
	esac
}

# flushes: how many the device below has seen.
flushes() {
	local fields
	read -ra fields <"/sys/block/${LOOP#/dev/}/stat"
	echo "${fields[15]}"
}

# Byte 2 MiB of the device is where its two segments meet.
check "a discard across two segments succeeds" \
	blkdiscard -o $((2048 * 1024 - 65536)) -l 131072 "$device"
check "the discard zeroes the end of the first segment" holds $((12288 - 128)) 128 zero
check "the discard zeroes the start of the second segment" holds 0 128 zero
check "the discard leaves the start of the first segment" holds 8192 $((4096 - 128)) number
check "the discard leaves the end of the second segment" holds 128 $((4096 - 128)) number

check "writing zeroes across two segments succeeds" \
	blkdiscard -z -o $((2048 * 1024 - 131072)) -l 262144 "$device"
check "the zeroes arrive in both segments" eval \
	"holds $((12288 - 256)) 256 zero && holds 0 256 zero"
check "the zeroes leave all other sectors below" eval "holds 8192 $((4096 - 256)) number &&
	holds 256 $((4096 - 256)) number && holds 12288 4096 number"

before=$(flushes)
dd if=/dev/zero of="$device" count=1 conv=notrunc,fsync status=none
check "a flush reaches the device below" [ "$(flushes)" -gt "$before" ]
same "the device has the discard granularity of the one below" \
	"$(<"/sys/block/${LOOP#/dev/}/queue/discard_granularity")" \
	"$(<"/sys/block/$(number_of "$device")/queue/discard_granularity")"
finish
