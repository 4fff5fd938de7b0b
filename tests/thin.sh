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

create meta "0 8192 linear $META 0"
create data "0 28672 linear $DATA 0"
pool() {
	echo "0 $1 thin-pool /dev/mapper/$P-meta /dev/mapper/$P-data 128 0 1 error_if_no_space"
}
check "a pool" create pool "$(pool 28672)"
check "a thin volume of more than it has" eval '
	dmsetup message $P-pool 0 "create_thin 0" &&
	create thin "0 65536 thin /dev/mapper/$P-pool 0"'
check "is written to" make_files "$T"
check "a snapshot, and one of that" eval '
	dmsetup suspend $P-thin && dmsetup message $P-pool 0 "create_snap 1 0" &&
	dmsetup resume $P-thin && dmsetup message $P-pool 0 "create_snap 2 1"'
sectors 4096 1024 >"$DIR/two"
sync
check "is what the volume was" eval 'umount $DIR &&
	create snap "0 65536 thin /dev/mapper/$P-pool 2" &&
	mount /dev/mapper/$P-snap $DIR && intact'
umount "$DIR"

check "the pool is exhausted" fails dd if=/dev/urandom of="$T" bs=64k seek=128 \
	count=200 oflag=direct status=none
check "and says so" eval 'dmsetup status $P-pool | grep out_of_data_space'
check "its data grow" eval 'swap data "0 65536 linear $DATA 0" &&
	swap pool "$(pool 65536)"'
check "so that it can be written" dd if=/dev/urandom of="$T" bs=64k seek=256 \
	count=16 oflag=direct status=none
check "all that was there is" eval 'mount /dev/mapper/$P-snap $DIR && intact'
umount "$DIR"
refused "the data do not move onto a volume of their own" "$ELOOP" \
	"Device closes a loop" reload data "0 65536 linear $T 0"
remove_device "$P-snap"
remove_device "$P-thin"
remove_device "$P-pool"
check "its metadata are sound" thin_check "/dev/mapper/$P-meta"
check "all of it was guarded" guarded
check "and lies where its tables say" in_place
finish
