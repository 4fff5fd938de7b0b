#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# An md array of volumes works, and so does a volume on that array.
# shellcheck disable=SC2016 # eval is to expand it
. "$(dirname "$0")/stacks.sh"

start_stack 12
require mdadm
lvm_on 28 28
sed -i 's,"r|\.\*|","a|^/dev/md79$|"\, &,' "$LVM_SYSTEM_DIR/lvm.conf"

check "two volumes are created" eval 'defer vgremove -q -f $P && lvm_does "vgcreate -q $P ${LOOPS[*]}" \
		"lvcreate -q -y -W n -Z n -L 20M -n one $P ${LOOPS[0]}" \
		"lvcreate -q -y -W n -Z n -L 20M -n two $P ${LOOPS[1]}"'
check "an array of the two volumes is created" eval '
	mdadm --quiet --create /dev/md79 --run --force --level=1 --metadata=1.2 \
		--assume-clean --raid-devices=2 /dev/$P/one /dev/$P/two &&
	defer mdadm --quiet --stop /dev/md79'
check "a volume group with a volume is created on the array" eval 'defer vgremove -q -f ${P}x &&
	lvm_does "vgcreate -q ${P}x /dev/md79" "lvcreate -q -y -W n -Z n -L 12M -n home ${P}x"'
check "the volume on the array is there" [ -b "/dev/${P}x/home" ]
check "a file system on the volume on the array is written to" make_files "/dev/${P}x/home"
# It can be removed when no I/O to it is left.
check "one half of the array fails and is removed" eval '
	mdadm --quiet /dev/md79 --fail /dev/$P/two &&
	wait_for mdadm --quiet /dev/md79 --remove /dev/$P/two'
check "the files are intact on the degraded array" remount "/dev/${P}x/home"
check "the degraded array is written to" write_more
check "the removed half is added and rebuilt" eval 'mdadm --zero-superblock /dev/$P/two &&
	mdadm --quiet /dev/md79 --add /dev/$P/two &&
	wait_for grep -qx 0 /sys/block/md79/md/degraded'
refused "a table of one half onto the array is refused" "$ELOOP" "Device closes a loop" \
	reload two "0 8192 linear /dev/md79 0"
check "the files are intact after the rebuild and the refusal" remount "/dev/${P}x/home"
check "each linear device of the stack is guarded" guarded
umount "$DIR" || exit 1
finish
