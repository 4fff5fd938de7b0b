#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# LVM: a thin pool on guarded volumes is used, snapshotted, merged and extended.
# shellcheck disable=SC2016 # eval is to expand it
. "$(dirname "$0")/stacks.sh"

start_stack 13
require thin_check
lvm_on 40 40
LV=/dev/$P/home

check "a thin pool is created" eval 'defer vgremove -q -f $P &&
	lvm_does "vgcreate -q -s 1M $P ${LOOPS[*]}" \
		"lvcreate -q -y -Z n --type thin-pool -L 10M --poolmetadatasize 2M -n pool $P" \
		"lvcreate -q -y -V 16M --thinpool pool -n home $P"'
check "a thin volume is created" [ -b "$LV" ]
check "each linear device below the thin pool is guarded" guarded
check "a file system on the thin volume is written to" make_files "$LV"
check "a snapshot, and a snapshot of it, are taken" eval '
	lvm_does "lvcreate -q -y -kn -s -n one $P/home" "lvcreate -q -y -kn -s -n two $P/one"'
sectors 4096 2048 >"$DIR/two" || exit 1
sync
check "the first snapshot has the files of the volume when it was taken" eval 'umount $DIR &&
	mount_intact /dev/$P/one -o ro,noload'
check "the second snapshot has the files of the first" eval 'umount $DIR &&
	mount_intact /dev/$P/two -o ro,noload'
umount "$DIR" || exit 1
check "the thin pool and its metadata are extended" lvm_does \
	"lvextend -q -L +4M $P/pool" "lvextend -q --poolmetadatasize +2M $P/pool"
check "the thin volume is written to after the extension" eval '
	mount $LV $DIR && write_more && umount $DIR'
check "the first snapshot is merged and its files are back in the volume" eval '
	lvconvert -q -y --merge $P/one && mount_intact $LV'
umount "$DIR" || exit 1
check "an existing volume is converted to a thin pool" lvm_does \
	"lvcreate -q -y -W n -Z n -L 4M -n plain $P" \
	"lvconvert -q -y --type thin-pool --poolmetadatasize 2M $P/plain"
check "each linear device is guarded after all changes" guarded
check "the data of each linear device lies where its table says" in_place
finish
