#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# LVM: a mounted volume grows, shrinks, moves, is split off and merged.
# shellcheck disable=SC2016,SC2034 # eval is to expand it
. "$(dirname "$0")/stacks.sh"

start_stack 26
lvm_on 40 40 40 12
A=${LOOPS[0]} B=${LOOPS[1]} C=${LOOPS[2]} D=${LOOPS[3]}
LV=/dev/$P/home

check "a volume group" vgcreate -q "$P" "$A" "$B"
defer vgremove -q -f "$P"
check "a volume" lvcreate -q -y -W n -Z n -L 12M -n home "$P" "$A"
check "is guarded" guarded
check "is written to" make_files "$LV"
check "is extended onto another disk" lvextend -q -L 24M "$LV" "$B"
check "so is its file system" resize2fs "$LV"
check "and written to" write_more
check "all is there" remount "$LV"
umount "$DIR"
check "it is reduced" eval 'e2fsck -fp $LV && resize2fs $LV 16M &&
	lvreduce -q -f -L 16M $LV && mount $LV $DIR'
check "all is there" intact

check "another disk joins" vgextend -q "$P" "$C"
write_more &
check "the busy volume moves" pvmove -q -i 1 "$A" "$C"
check "and is written to meanwhile" wait $!
check "all is there" remount "$LV"
# A copy that may take one hundredth of the time is still there to be aborted.
slowly() {
	local file=/sys/module/dm_mirror/parameters/raid1_resync_throttle
	defer eval "echo $(cat "$file") >$file"
	echo 1 >"$file"
	"$@"
}
check "another move begins" slowly pvmove -q -b -i 5 "$C" "$A"
check "is not done yet" eval 'dmsetup table --target mirror | grep "^$P"'
check "and is aborted" pvmove -q --abort
check "the volume is where it was" eval '
	lvs --noheadings -o devices $P/home | grep -q "^ *$C(" &&
	! dmsetup table --target mirror | grep "^$P"'
check "all is there" remount "$LV"
check "it is guarded still" guarded

umount "$DIR"
check "a second volume" eval 'vgextend -q $P $D &&
	lvcreate -q -y -W n -Z n -L 4M -n other $P $D'
check "the group is split" eval 'vgchange -q -an $P && vgsplit -q -n $P/other $P ${P}x'
check "and merged" vgmerge -q "$P" "${P}x"
check "it is activated" vgchange -q -ay "$P"
mount "$LV" "$DIR"
check "all is there" intact
umount "$DIR"
check "all of it lies where the tables say" in_place
finish
