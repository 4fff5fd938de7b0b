#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# LUKS on a volume, and a volume on LUKS.
# shellcheck disable=SC2016 # eval is to expand it
. "$(dirname "$0")/stacks.sh"

start_stack 13
require cryptsetup
lvm_on 64
key=$(mktemp)
defer rm "$key"
echo secret >"$key"
format() {
	cryptsetup luksFormat -q --type luks2 --pbkdf pbkdf2 \
		--pbkdf-force-iterations 1000 --key-file "$key" "$1"
}
unlock() {
	cryptsetup open --key-file "$key" "$1" "$P-$2" && defer lock "$2"
}
lock() {
	! exists "$P-$1" || cryptsetup close "$P-$1"
}

check "a volume group with a volume is created" eval 'vgcreate -q $P ${LOOPS[0]} &&
	defer vgremove -q -f $P && lvcreate -q -y -W n -Z n -L 40M -n lv $P'
check "a LUKS container on the volume is formatted and unlocked" eval '
	format /dev/$P/lv && unlock /dev/$P/lv crypt'
check "a file system on the LUKS container is written to" make_files "/dev/mapper/$P-crypt"
check "the volume, the LUKS container and the file system are extended" eval '
	lvextend -q -L 44M $P/lv &&
	cryptsetup resize --key-file $key $P-crypt &&
	resize2fs /dev/mapper/$P-crypt'
check "the files in the LUKS container are intact after the extension" \
	remount "/dev/mapper/$P-crypt"
umount "$DIR" || exit 1
refused "a table of the volume onto its own LUKS container is refused" "$ELOOP" \
	"Device closes a loop" reload lv "0 8192 linear /dev/mapper/$P-crypt 0"
check "the files are intact after the container is locked and unlocked" eval '
	lock crypt && unlock /dev/$P/lv crypt &&
	mount /dev/mapper/$P-crypt $DIR && intact'
umount "$DIR" || exit 1

check "a volume group on the LUKS container is created" eval '
	vgcreate -q -y ${P}x /dev/mapper/$P-crypt && defer vgremove -q -f ${P}x'
check "a volume of the group on LUKS is created" lvcreate -q -y -W n -Z n -L 8M -n inner "${P}x"
check "a file system on the volume on LUKS is written to" make_files "/dev/${P}x/inner"
check "the files on the volume on LUKS are intact" remount "/dev/${P}x/inner"
check "each linear device of the stack is guarded" guarded
umount "$DIR" || exit 1
check "the data of each linear device lies where its table says" in_place
finish
