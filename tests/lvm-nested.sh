#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# LVM: a volume group on a volume of another works, and no table closes a loop of the two.
# shellcheck disable=SC2016 # eval is to expand it
. "$(dirname "$0")/stacks.sh"

start_stack 18
lvm_on 48
LV=/dev/${P}x/home

check "the outer volume group with a volume is created" eval 'defer vgremove -q -f $P &&
	lvm_does "vgcreate -q $P ${LOOPS[0]}" "lvcreate -q -y -W n -Z n -L 32M -n outer $P"'
check "the outer volume is there" [ -b "/dev/$P/outer" ]
# A volume that is stacked on the outer volume does not become a part of it: a second one.
check "the inner volume group with two volumes is created on the outer volume" eval '
	defer vgremove -q -f ${P}x && lvm_does "vgcreate -q ${P}x /dev/$P/outer" \
		"lvcreate -q -y -W n -Z n -L 12M -n home ${P}x" \
		"lvcreate -q -y -W n -Z n -L 8M -n loop ${P}x"'
check "the first inner volume is there" [ -b "$LV" ]
check "the second inner volume is there" [ -b "/dev/${P}x/loop" ]
check "a file system on the inner volume is written to" make_files "$LV"
check "each linear device is guarded after it is created" guarded
check "the inner volume and its file system are extended" eval '
	lvextend -q -L 16M $LV && resize2fs $LV'
check "the files are intact after the extension" intact

refused "a linear table of the outer volume onto an inner one is refused" "$ELOOP" \
	"Device closes a loop" reload outer "0 16384 linear /dev/${P}x/loop 0"
refused "a mirror table of the outer volume onto an inner one is refused" "$ELOOP" \
	"refusing $P-outer" reload outer \
	"0 16384 mirror core 1 1024 2 ${LOOPS[0]} 2048 /dev/${P}x/loop 0"
check "the files are intact after the refusals" remount "$LV"
umount "$DIR" || exit 1

# As at boot, LVM activates the group on the disks first, then the group on that.
check "both volume groups are deactivated" vgchange -q -an "${P}x" "$P"
same "no mapped device of the volume groups is left" "" "$(dmsetup ls | grep "^$P")"
check "both volume groups are activated as at boot" eval '
	vgchange -q -aay --sysinit && vgchange -q -aay --sysinit'
check "each linear device is guarded after the activation" guarded
check "the files are intact after the activation" mount_intact "$LV"
umount "$DIR" || exit 1
check "the data of each linear device lies where its table says" in_place
finish
