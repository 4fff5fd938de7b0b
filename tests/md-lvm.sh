#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# An array of volumes, and volumes on an array.
# shellcheck disable=SC2016 # eval is to expand it
. "$(dirname "$0")/stacks.sh"

start_stack 12
require mdadm
lvm_on 40 40
sed -i 's,"r|\.\*|","a|^/dev/md79$|"\, &,' "$LVM_SYSTEM_DIR/lvm.conf"

check "two volumes" eval 'vgcreate -q $P ${LOOPS[*]} && defer vgremove -q -f $P &&
	lvcreate -q -y -W n -Z n -L 32M -n one $P ${LOOPS[0]} &&
	lvcreate -q -y -W n -Z n -L 32M -n two $P ${LOOPS[1]}'
check "an array of them" eval 'mdadm --quiet --create /dev/md79 --run --force \
	--level=1 --metadata=1.2 --assume-clean --raid-devices=2 /dev/$P/one /dev/$P/two &&
	defer mdadm --quiet --stop /dev/md79'
check "a group on it" eval 'vgcreate -q ${P}x /dev/md79 && defer vgremove -q -f ${P}x'
check "with a volume" lvcreate -q -y -W n -Z n -L 16M -n home "${P}x"
check "that is written to" make_files "/dev/${P}x/home"
check "half of the array fails" mdadm --quiet /dev/md79 --fail "/dev/$P/two" \
	--remove "/dev/$P/two"
check "all is there" remount "/dev/${P}x/home"
check "and it is written to" write_more
check "the half is taken back" eval 'mdadm --zero-superblock /dev/$P/two &&
	mdadm --quiet /dev/md79 --add /dev/$P/two &&
	wait_for grep -qx 0 /sys/block/md79/md/degraded'
refused "a half does not move onto the array" "$ELOOP" "Device closes a loop" \
	reload two "0 8192 linear /dev/md79 0"
check "all is there" remount "/dev/${P}x/home"
check "all of it is guarded" guarded
umount "$DIR"
finish
