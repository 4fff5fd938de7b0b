#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# LVM: a thin pool on guarded volumes is used, snapshotted, merged and extended.
# shellcheck disable=SC2016 # eval is to expand it
. "$(dirname "$0")/stacks.sh"

start_stack 13
require thin_check
lvm_on 40 40
LV=/dev/$P/home

check "a thin pool is created" eval 'vgcreate -q $P ${LOOPS[*]} && defer vgremove -q -f $P &&
	lvcreate -q -y -Z n --type thin-pool -L 16M --poolmetadatasize 4M -n pool $P'
check "each linear device below the thin pool is guarded" guarded
check "a thin volume is created" lvcreate -q -y -V 32M --thinpool pool -n home "$P"
check "a file system on the thin volume is written to" make_files "$LV"
check "a snapshot, and a snapshot of it, are taken" eval '
	lvcreate -q -y -kn -s -n one $P/home && lvcreate -q -y -kn -s -n two $P/one'
sectors 4096 4096 >"$DIR/two" || exit 1
sync
check "the first snapshot has the files of the volume when it was taken" eval 'umount $DIR &&
	mount -o ro,noload /dev/$P/one $DIR && intact'
check "the second snapshot has the files of the first" eval 'umount $DIR &&
	mount -o ro,noload /dev/$P/two $DIR && intact'
umount "$DIR" || exit 1
check "the thin pool and its metadata are extended" eval 'lvextend -q -L +8M $P/pool &&
	lvextend -q --poolmetadatasize +4M $P/pool'
check "the thin volume is written to after the extension" eval '
	mount $LV $DIR && write_more && umount $DIR'
check "the first snapshot is merged and its files are back in the volume" eval '
	lvconvert -q -y --merge $P/one && mount $LV $DIR && intact'
umount "$DIR" || exit 1
check "an existing volume is converted to a thin pool" eval '
	lvcreate -q -y -W n -Z n -L 8M -n plain $P &&
	lvconvert -q -y --type thin-pool --poolmetadatasize 4M $P/plain'
check "each linear device is guarded after all changes" guarded
check "the data of each linear device lies where its table says" in_place
finish
