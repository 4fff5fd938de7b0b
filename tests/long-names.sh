#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A loop is refused through a partition whose name is longer than any disk's.
. "$(dirname "$0")/lib.sh"

plan 12
require sfdisk
needs md modprobe -a md_mod raid1
ramdisks 2 16
# A disk's name has 31 characters at most, and its partition's has two more.
long=md_abcdefghijklmnopqrstuvwxyz01

# Unless this is off, 7.3 never removes an array that was made by its name.
legacy=/sys/module/md_mod/parameters/legacy_async_del_gendisk
if [ -e "$legacy" ]; then
	defer eval "echo $(<"$legacy") >$legacy"
	echo N >"$legacy"
fi

# named_array NAME DEVICE KIBIBYTES: an array of that one mirror, stopped at the end.
named_array() {
	local dir=/sys/block/$1/md
	echo "$1" >/sys/module/md_mod/parameters/new_array && defer clear_array "$1" &&
		echo none >"$dir/metadata_version" && echo raid1 >"$dir/level" &&
		echo 1 >"$dir/raid_disks" && echo "$3" >"$dir/component_size" &&
		echo "$(<"/sys/block/$(number_of "$2")/dev")" >"$dir/new_dev" &&
		echo 0 >"$dir"/dev-*/slot && echo "$3" >"$dir"/dev-*/size &&
		echo none >"$dir/resync_start" && echo active >"$dir/array_state"
}
clear_array() {
	[ ! -e "/sys/block/$1" ] || {
		echo clear >"/sys/block/$1/md/array_state" &&
			wait_for [ ! -e "/sys/block/$1" ]
	}
}

on_a_partition() {
	partition "/dev/$name" 2048,8192,83 && create "$b" "0 8192 linear /dev/${name}p1 0"
}

for name in md_s1 "$long"; do
	a=a${#name} b=b${#name}
	create "$a" "0 32768 linear /dev/ram0 0" || exit 1
	check "an array is built with a name of ${#name} characters" \
		named_array "$name" "/dev/mapper/$P-$a" 16384
	check "a linear device is made on the partition of $name" on_a_partition
	for scope in linear all; do
		set_to scope "$scope" || exit 1
		refused "a table that closes a loop through ${name}p1 is refused, scope=$scope" \
			"$ELOOP" "Device closes a loop" \
			reload "$a" "0 1024 linear /dev/mapper/$P-$b 0"
		check "a table below ${name}p1 that closes no loop is accepted, scope=$scope" \
			reload "$a" "0 32768 linear /dev/ram1 0"
		dmsetup clear "$P-$a" || exit 1
	done
done
finish
