#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A classic snapshot by hand: an origin in use, its snapshot, and the merge.
# shellcheck disable=SC2016 # eval is to expand it
. "$(dirname "$0")/stacks.sh"

start_stack 11
ramdisks 2 12
N=24576 COW=16384

# merged: as many sectors are allocated as there are metadata sectors.
merged() {
	local status
	status=$(dmsetup status "$P-home") &&
		[[ $status =~ ([0-9]+)/[0-9]+\ ([0-9]+) ]] &&
		[ "${BASH_REMATCH[1]}" = "${BASH_REMATCH[2]}" ]
}

check "a file system on a linear device can be written to" eval '
	create home "0 $N linear /dev/ram0 0" && make_files /dev/mapper/$P-home'
create cow "0 $COW linear /dev/ram1 0" || exit 1
check "the mounted linear device becomes the origin of a snapshot" eval '
	create real "0 $N linear /dev/ram0 0" &&
	dmsetup suspend $P-home &&
	create snap "0 $N snapshot /dev/mapper/$P-real /dev/mapper/$P-cow P 8" &&
	swap home "0 $N snapshot-origin /dev/mapper/$P-real"'
sectors 4096 2048 >"$DIR/one" && sync && umount "$DIR" || exit 1
check "the snapshot has the data from before the origin was written to" eval '
	mount_intact /dev/mapper/$P-snap -o ro'
umount "$DIR" || exit 1
check "the origin has other data than the snapshot" eval '
	! mount_intact /dev/mapper/$P-home && mountpoint -q $DIR'
umount "$DIR" || exit 1
refused "reload of the device below the origin onto the origin is refused with ELOOP" \
	"$ELOOP" "Device closes a loop" reload real "0 $N linear /dev/mapper/$P-home 0"
refused "reload of the snapshot's COW device onto the snapshot is refused with ELOOP" \
	"$ELOOP" "Device closes a loop" reload cow "0 $COW linear /dev/mapper/$P-snap 0"

check "the snapshot can be merged into its origin" eval 'remove_device $P-snap &&
	swap home "0 $N snapshot-merge /dev/mapper/$P-real /dev/mapper/$P-cow P 8" &&
	wait_for merged'
check "the origin has the data of the snapshot after the merge" eval '
	mount_intact /dev/mapper/$P-home'
check "the mounted origin becomes a linear device again" eval '
	swap home "0 $N linear /dev/ram0 0" && intact'
umount "$DIR" || exit 1
check "every linear device below the snapshot is guarded" guarded
check "the data of every linear device are where its table says" in_place
finish
