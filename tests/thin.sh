#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A thin pool by hand, data and metadata in files: snapshots, exhaustion, growth.
# shellcheck disable=SC2016 # eval is to expand it
. "$(dirname "$0")/stacks.sh"

start_stack 14
require thin_check
# As container engines had it: two files, a loop device each.
loop_device 4
META=$LOOP
loop_device 32
DATA=$LOOP
T=/dev/mapper/$P-thin

create meta "0 8192 linear $META 0" && create data "0 28672 linear $DATA 0" || exit 1
pool() {
	echo "0 $1 thin-pool /dev/mapper/$P-meta /dev/mapper/$P-data 128 0 1 error_if_no_space"
}

check "a thin pool on two linear devices is created" create pool "$(pool 28672)"
check "a thin volume larger than the pool is created" eval '
	dmsetup message $P-pool 0 "create_thin 0" &&
	create thin "0 65536 thin /dev/mapper/$P-pool 0"'
check "a file system on the thin volume can be written to" make_files "$T"
check "a snapshot of the thin volume and a snapshot of that are created" eval '
	dmsetup suspend $P-thin && dmsetup message $P-pool 0 "create_snap 1 0" &&
	dmsetup resume $P-thin && dmsetup message $P-pool 0 "create_snap 2 1"'
sectors 4096 1024 >"$DIR/two" && sync || exit 1
check "the snapshot has the data from before the thin volume was written to" eval '
	umount $DIR && create snap "0 65536 thin /dev/mapper/$P-pool 2" &&
	mount_intact /dev/mapper/$P-snap'
umount "$DIR" || exit 1

check "a write of more than the pool has left fails with ENOSPC" \
	says "No space left on device" dd if=/dev/urandom of="$T" bs=64k seek=128 count=200 \
	oflag=direct status=none
check "the status of the exhausted pool is out_of_data_space" eval '
	dmsetup status $P-pool | grep out_of_data_space'
check "the data device and the pool can be made larger" eval '
	swap data "0 65536 linear $DATA 0" && swap pool "$(pool 65536)"'
check "the thin volume can be written to once the pool is larger" dd if=/dev/urandom \
	of="$T" bs=64k seek=256 count=16 oflag=direct status=none
check "the snapshot is unchanged after the pool was exhausted" eval '
	mount_intact /dev/mapper/$P-snap'
umount "$DIR" || exit 1
refused "reload of the data device onto a volume of its own pool is refused with ELOOP" \
	"$ELOOP" "Device closes a loop" reload data "0 65536 linear $T 0"
remove_device "$P-snap" && remove_device "$P-thin" && remove_device "$P-pool" || exit 1
check "thin_check finds no error in the metadata" thin_check "/dev/mapper/$P-meta"
check "every linear device below the pool is guarded" guarded
check "the data of every linear device are where its table says" in_place
finish
