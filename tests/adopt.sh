#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Moving LVM volumes changes no link in /dev; none appears for what LVM hides.
# shellcheck disable=SC2034 # stacks.sh uses it
. "$(dirname "$0")/stacks.sh"

command=${DM_LINEAR_GUARD_COMMAND:-dm-linear-guard}
plan 8
require "$command" lvm
hurry
DIR=$(mktemp -d)
defer rmdir "$DIR"
lvm_on 12 12
# Its disks are not what udev is for.
vgcreate -q -s 1M "$P" "${LOOPS[@]}" && defer vgremove -q -f "$P" || exit 1

# As on a machine, where udev makes the links.
with_udev
sed -i 's/udev_sync = 0/udev_sync = 1/; s/udev_rules = 0/udev_rules = 1/' \
	"$LVM_SYSTEM_DIR/lvm.conf"

takeover 0
volume() {
	lvcreate -q -y --type raid1 -m 1 -L 6M -n home "$P" &&
		make_files "/dev/$P/home"
}
check "a mirrored LVM volume with a file system is made" volume

# The links in /dev, and where they lead.
names() {
	wait_for udevadm settle || return
	find /dev -type l -printf '%p %l\n' | sort
}
before=$(names)
unchanged() {
	diff <(echo "$before") <(names)
}
check "the volume has its link in /dev" grep -q "^/dev/$P/home " <<<"$before"
check "adopt --all succeeds" "$command" adopt --all
check "every linear device of the volume is guarded after adopt" guarded
check "every link in /dev is unchanged after adopt" unchanged
check "release --all succeeds" "$command" release --all
check "every link in /dev is unchanged after release" unchanged
check "the files are intact after a remount" remount "/dev/$P/home"
finish
