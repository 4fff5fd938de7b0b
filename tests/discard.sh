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
	local wanted
	blockdev --flushbufs "$LOOP"
	case $3 in
	zero) wanted="head -c $(($2 * 512)) /dev/zero" ;;
	number) wanted="sectors $1 $2" ;;
	esac
	cmp <(dd if="$LOOP" skip="$1" count="$2" status=none) <($wanted)
}

# flushes: how many the device below has seen.
flushes() {
	awk '{ print $16 }' "/sys/block/${LOOP#/dev/}/stat"
}

# Byte 2 MiB of the device is where its two segments meet.
check "a discard across the segments" \
	blkdiscard -o $((2048 * 1024 - 65536)) -l 131072 "$device"
check "it hit the end of the first" holds $((12288 - 128)) 128 zero
check "it hit the start of the second" holds 0 128 zero
check "it left the start of the first" holds 8192 $((4096 - 128)) number
check "it left the end of the second" holds 128 $((4096 - 128)) number

check "zeroes across the segments" \
	blkdiscard -z -o $((2048 * 1024 - 131072)) -l 262144 "$device"
check "they hit both" eval \
	"holds $((12288 - 256)) 256 zero && holds 0 256 zero"
check "they left the rest" eval "holds 8192 $((4096 - 256)) number &&
	holds 256 $((4096 - 256)) number && holds 12288 4096 number"

before=$(flushes)
dd if=/dev/zero of="$device" count=1 conv=notrunc,fsync status=none
check "a flush reaches the device below" test "$(flushes)" -gt "$before"
same "the device says what the one below says of discards" \
	"$(cat "/sys/block/${LOOP#/dev/}/queue/discard_granularity")" \
	"$(cat "/sys/block/$(number_of "$device")/queue/discard_granularity")"
finish
