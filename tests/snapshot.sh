#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A classic snapshot by hand: an origin in use, its snapshot, and the merge.
# shellcheck disable=SC2016 # eval is to expand it
. "$(dirname "$0")/stacks.sh"

start_stack 11
ramdisks 2 32
N=65536

# Allocated and metadata sectors are as many.
merged() {
	local sectors
	sectors=$(dmsetup status "$P-home" | grep -oE "[0-9]+/[0-9]+ [0-9]+")
	[ "$sectors" ] && [ "${sectors%%/*}" = "${sectors##* }" ]
}

check "a device in use" eval 'create home "0 $N linear /dev/ram0 0" &&
	make_files /dev/mapper/$P-home'
create cow "0 32768 linear /dev/ram1 0"
check "becomes an origin, moved below" eval '
	create real "0 $N linear /dev/ram0 0" &&
	dmsetup suspend $P-home &&
	create snap "0 $N snapshot /dev/mapper/$P-real /dev/mapper/$P-cow P 8" &&
	swap home "0 $N snapshot-origin /dev/mapper/$P-real"'
sectors 4096 4096 >"$DIR/one"
sync
umount "$DIR"
check "the snapshot is what it was" eval 'mount -o ro /dev/mapper/$P-snap $DIR && intact'
umount "$DIR"
check "the origin is not" eval 'mount /dev/mapper/$P-home $DIR && ! intact'
umount "$DIR"
refused "the origin's device does not move onto it" "$ELOOP" \
	"Device closes a loop" reload real "0 $N linear /dev/mapper/$P-home 0"
refused "nor the snapshot's store onto it" "$ELOOP" \
	"Device closes a loop" reload cow "0 32768 linear /dev/mapper/$P-snap 0"

check "the snapshot is merged" eval 'remove_device $P-snap &&
	swap home "0 $N snapshot-merge /dev/mapper/$P-real /dev/mapper/$P-cow P 8" &&
	wait_for merged'
check "the origin is what it was" eval 'mount /dev/mapper/$P-home $DIR && intact'
check "and becomes linear again, in use" eval '
	swap home "0 $N linear /dev/ram0 0" && intact'
umount "$DIR"
check "all of it is guarded" guarded
check "and lies where its tables say" in_place
finish
