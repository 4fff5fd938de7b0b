#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# LVM: a group inside a volume of a group works, and is not closed to a loop.
# shellcheck disable=SC2016 # eval is to expand it
. "$(dirname "$0")/stacks.sh"

start_stack 18
lvm_on 48
LV=/dev/${P}x/home

check "a group" eval 'vgcreate -q $P ${LOOPS[0]} && defer vgremove -q -f $P'
check "with a volume" lvcreate -q -y -W n -Z n -L 32M -n outer "$P"
check "that is a group" eval 'vgcreate -q ${P}x /dev/$P/outer &&
	defer vgremove -q -f ${P}x'
check "with a volume" lvcreate -q -y -W n -Z n -L 12M -n home "${P}x"
check "that is written to" make_files "$LV"
check "all are guarded" guarded
check "the inner one is extended" eval 'lvextend -q -L 16M $LV && resize2fs $LV'
check "all is there" intact

# What stands on the outer volume does not become a part of it.
check "a second volume in the inner group" \
	lvcreate -q -y -W n -Z n -L 8M -n loop "${P}x"
refused "the outer volume is not moved there" "$ELOOP" "Device closes a loop" \
	reload outer "0 16384 linear /dev/${P}x/loop 0"
refused "nor mirrored there" "$ELOOP" "refusing $P-outer" reload outer \
	"0 16384 mirror core 1 1024 2 ${LOOPS[0]} 2048 /dev/${P}x/loop 0"
check "all is there" remount "$LV"
umount "$DIR"

# As at boot: what stands on the disks first, then what stands on that.
check "both are deactivated" vgchange -q -an "${P}x" "$P"
same "nothing of them is left" "" "$(dmsetup ls | grep "^$P")"
check "and activated as at boot" eval '
	vgchange -q -aay --sysinit && vgchange -q -aay --sysinit'
check "all are guarded" guarded
check "all is there" eval 'mount $LV $DIR && intact'
umount "$DIR"
check "all of it lies where the tables say" in_place
finish
