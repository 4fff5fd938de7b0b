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
	! dmsetup info "$P-$1" >/dev/null 2>&1 || cryptsetup close "$P-$1"
}

check "a group with a volume" eval 'vgcreate -q $P ${LOOPS[0]} &&
	defer vgremove -q -f $P && lvcreate -q -y -W n -Z n -L 40M -n lv $P'
check "LUKS on it" eval 'format /dev/$P/lv && unlock /dev/$P/lv crypt'
check "is written to" make_files "/dev/mapper/$P-crypt"
check "is extended" eval 'lvextend -q -L 44M $P/lv &&
	cryptsetup resize --key-file $key $P-crypt &&
	resize2fs /dev/mapper/$P-crypt'
check "all is there" remount "/dev/mapper/$P-crypt"
umount "$DIR"
refused "the volume does not move onto what is encrypted on it" "$ELOOP" \
	"Device closes a loop" reload lv "0 8192 linear /dev/mapper/$P-crypt 0"
check "it is locked and unlocked" eval 'lock crypt && unlock /dev/$P/lv crypt &&
	mount /dev/mapper/$P-crypt $DIR && intact'
umount "$DIR"

check "a group on LUKS" eval 'vgcreate -q -y ${P}x /dev/mapper/$P-crypt &&
	defer vgremove -q -f ${P}x'
check "with a volume" lvcreate -q -y -W n -Z n -L 16M -n inner "${P}x"
check "that is written to" make_files "/dev/${P}x/inner"
check "all is there" remount "/dev/${P}x/inner"
check "all of it is guarded" guarded
umount "$DIR"
check "and lies where its tables say" in_place
finish
