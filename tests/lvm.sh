#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# LVM: a volume is extended, reduced and moved, and its group is split and merged.
# shellcheck disable=SC2016,SC2034 # eval is to expand it
. "$(dirname "$0")/stacks.sh"

start_stack 26
lvm_on 28 28 28 12
A=${LOOPS[0]} B=${LOOPS[1]} C=${LOOPS[2]} D=${LOOPS[3]}
LV=/dev/$P/home

defer vgremove -q -f "$P"
check "a volume group with a volume is created" lvm_does "vgcreate -q $P $A $B" \
	"lvcreate -q -y -W n -Z n -L 12M -n home $P $A"
check "the volume is there after it is created" [ -b "$LV" ]
check "the volume is guarded after it is created" guarded
check "a file system on the volume is written to" make_files "$LV"
check "the mounted volume is extended onto another disk" lvextend -q -L 24M "$LV" "$B"
check "the mounted file system is extended" resize2fs "$LV"
check "the volume is written to after the extension" write_more
check "the files are intact after the extension" remount "$LV"
umount "$DIR" || exit 1
check "the file system and the volume are reduced" eval 'e2fsck -fp $LV && resize2fs $LV 16M &&
	lvreduce -q -f -L 16M $LV'
check "the files are intact after the reduction" mount_intact "$LV"

# From before a move until after it, the volume is written to, not all of the time.
keep_writing() {
	until [ -e "$LVM_SYSTEM_DIR/moved" ]; do
		write_more || return
		: >"$LVM_SYSTEM_DIR/written"
		pause 0.3
	done
}
check "another disk is added to the volume group" vgextend -q "$P" "$C"
keep_writing &
writer=$!
wait_for [ -e "$LVM_SYSTEM_DIR/written" ]
check "the busy volume is moved to another disk" pvmove -q -i 1 "$A" "$C"
: >"$LVM_SYSTEM_DIR/moved"
check "the volume is written to during the move" wait "$writer"
check "the files are intact after the move" remount "$LV"

# pvmove sees to the end of this move after an hour only, so that it is there to
# be aborted; and the copy may take one hundredth of the time.
begin_move() {
	local file=/sys/module/dm_mirror/parameters/raid1_resync_throttle
	defer eval "echo $(<"$file") >$file"
	echo 1 >"$file"
	pvmove -q -i +3600 "$C" "$A" &
	MOVE=$!
	wait_for moving
}
moving() {
	dmsetup table --target mirror | grep "^$P"
}
abort_move() {
	local status=0
	pvmove -q --abort || status=1
	kill "$MOVE"
	wait "$MOVE"
	return "$status"
}
check "a second move begins" begin_move
check "the second move is not done before it is aborted" moving
check "the second move is aborted" abort_move
check "the volume is where it was before the aborted move" eval '
	lvs --noheadings -o devices $P/home | grep -q "^ *$C(" && ! moving'
check "the files are intact after the aborted move" remount "$LV"
check "the volume is guarded after the aborted move" guarded

umount "$DIR" || exit 1
check "a second volume is created on a fourth disk" lvm_does "vgextend -q $P $D" \
	"lvcreate -q -y -W n -Z n -L 4M -n other $P $D"
check "the volume group is split" lvm_does "vgchange -q -an $P" \
	"vgsplit -q -n $P/other $P ${P}x"
check "the two volume groups are merged" lvm_does "vgmerge -q $P ${P}x" "vgchange -q -ay $P"
check "the merged volume group is activated" eval '[ -b $LV ] && [ -b /dev/$P/other ]'
check "the files are intact after the merge" mount_intact "$LV"
umount "$DIR" || exit 1
check "the data of each linear device lies where its table says" in_place
finish
