#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# LUKS on a volume, and a volume on LUKS.
# shellcheck disable=SC2016 # eval is to expand it
. "$(dirname "$0")/stacks.sh"

start_stack 13
require cryptsetup
lvm_on 24
key=$(mktemp)
defer rm "$key"
echo secret >"$key"
format() {
	# The area of keys is written full: have it small.
	cryptsetup luksFormat -q --type luks2 --luks2-keyslots-size 512k --key-size 256 \
		--pbkdf pbkdf2 --pbkdf-force-iterations 1000 --key-file "$key" "$1"
}
unlock() {
	cryptsetup open --key-file "$key" "$1" "$P-$2" && defer lock "$2"
}
lock() {
	! exists "$P-$1" || cryptsetup close "$P-$1"
}

check "a volume group with a volume is created" eval 'defer vgremove -q -f $P &&
	lvm_does "vgcreate -q -s 1M $P ${LOOPS[0]}" \
		"lvcreate -q -y -W n -Z n -L 12M -n lv $P"'
check "a LUKS container on the volume is formatted and unlocked" eval '
	format /dev/$P/lv && unlock /dev/$P/lv crypt'
check "a file system on the LUKS container is written to" make_files "/dev/mapper/$P-crypt"
check "the volume, the LUKS container and the file system are extended" eval '
	lvextend -q -L 14M $P/lv &&
	cryptsetup resize --key-file $key $P-crypt &&
	resize2fs /dev/mapper/$P-crypt'
check "the files in the LUKS container are intact after the extension" \
	remount "/dev/mapper/$P-crypt"
umount "$DIR" || exit 1
refused "a table of the volume onto its own LUKS container is refused" "$ELOOP" \
	"Device closes a loop" reload lv "0 8192 linear /dev/mapper/$P-crypt 0"
check "the files are intact after the container is locked and unlocked" eval '
	lock crypt && unlock /dev/$P/lv crypt && mount_intact /dev/mapper/$P-crypt'
umount "$DIR" || exit 1

check "a volume group with a volume is created on the LUKS container" eval '
	defer vgremove -q -f ${P}x &&
	lvm_does "vgcreate -q -y -s 1M ${P}x /dev/mapper/$P-crypt" \
		"lvcreate -q -y -W n -Z n -L 5M -n inner ${P}x"'
check "the volume on the LUKS container is there" [ -b "/dev/${P}x/inner" ]
check "a file system on the volume on LUKS is written to" make_files "/dev/${P}x/inner"
check "the files on the volume on LUKS are intact" remount "/dev/${P}x/inner"
check "each linear device of the stack is guarded" guarded
umount "$DIR" || exit 1
check "the data of each linear device lies where its table says" in_place
finish
