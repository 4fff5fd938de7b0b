#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Volumes of LVM that are moved keep their names in /dev, and what LVM hides stays so.
# shellcheck disable=SC2034 # stacks.sh uses it
. "$(dirname "$0")/stacks.sh"

command=${DM_LINEAR_GUARD_COMMAND:-dm-linear-guard}
plan 8
require "$command" lvm
hurry
DIR=$(mktemp -d)
defer rmdir "$DIR"
lvm_on 40 40
# As on a machine, where udev makes the links.
sed -i 's/udev_sync = 0/udev_sync = 1/; s/udev_rules = 0/udev_rules = 1/' \
	"$LVM_SYSTEM_DIR/lvm.conf"

takeover 0
volume() {
	vgcreate -q "$P" "${LOOPS[@]}" && defer vgremove -q -f "$P" &&
		lvcreate -q -y --type raid1 -m 1 -L 12M -n home "$P" &&
		make_files "/dev/$P/home"
}
check "a mirrored volume, with a file system" volume

# What there is in /dev, and where it leads.
names() {
	udevadm settle
	find /dev -type l -printf '%p %l\n' | sort
}
before=$(names)
unchanged() {
	diff <(echo "$before") <(names)
}
check "has its link" grep -q "^/dev/$P/home " <<<"$before"
check "is adopted" "$command" adopt --all
check "all of it" guarded
check "and every link is what it was" unchanged
check "is released" "$command" release --all
check "and every link is what it was" unchanged
check "all is there" remount "/dev/$P/home"
finish
