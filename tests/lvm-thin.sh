#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# LVM: a thin pool on guarded volumes, snapshots of snapshots, and growth.
# shellcheck disable=SC2016 # eval is to expand it
. "$(dirname "$0")/stacks.sh"

start_stack 13
require thin_check
lvm_on 40 40
LV=/dev/$P/home

check "a thin pool" eval 'vgcreate -q $P ${LOOPS[*]} && defer vgremove -q -f $P &&
	lvcreate -q -y -Z n --type thin-pool -L 16M --poolmetadatasize 4M -n pool $P'
check "stands on guarded volumes" guarded
check "a thin volume" lvcreate -q -y -V 32M --thinpool pool -n home "$P"
check "is written to" make_files "$LV"
check "a snapshot, and one of that" eval '
	lvcreate -q -y -kn -s -n one $P/home && lvcreate -q -y -kn -s -n two $P/one'
sectors 4096 4096 >"$DIR/two"
sync
check "the first is what the volume was" eval 'umount $DIR &&
	mount -o ro,noload /dev/$P/one $DIR && intact'
check "so is the second" eval 'umount $DIR &&
	mount -o ro,noload /dev/$P/two $DIR && intact'
umount "$DIR"
check "pool and metadata are extended" eval 'lvextend -q -L +8M $P/pool &&
	lvextend -q --poolmetadatasize +4M $P/pool'
check "and the volume written to" eval 'mount $LV $DIR && write_more && umount $DIR'
check "a volume is taken back to its snapshot" eval '
	lvconvert -q -y --merge $P/one && mount $LV $DIR && intact'
umount "$DIR"
check "an existing volume becomes a pool" eval '
	lvcreate -q -y -W n -Z n -L 8M -n plain $P &&
	lvconvert -q -y --type thin-pool --poolmetadatasize 4M $P/plain'
check "all of it is guarded" guarded
check "and lies where its tables say" in_place
finish
