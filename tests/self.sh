#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A device is not mapped onto itself, whatever name it is given.
. "$(dirname "$0")/lib.sh"

plan 22
ramdisks 1 4
create self "0 8192 linear /dev/ram0 0" && create other "0 2048 linear /dev/ram0 0" || exit 1

# spell NAME: the ways to name that device, each after what it is called.
spell() {
	local path=/dev/mapper/$P-$1 link=/dev/shm/$P-$1
	ln -s "$path" "$link" || exit 1
	defer rm "$link"
	SPELLINGS=("path $path" "kernel name /dev/$(number_of "$path")" "symbolic link $link"
		"path with dots /dev/shm/../mapper/$P-$1"
		"number $(dmsetup info -c --noheadings -o major,minor "$P-$1")")
}

table=$(dmsetup table "$P-self")
spell self
for spelling in "${SPELLINGS[@]}"; do
	name=${spelling##* } kind=${spelling% *}
	refused "a linear table of a device onto its own $kind is refused with EINVAL" \
		"$EINVAL" "Device maps onto itself" reload self "0 2048 linear $name 0"
	refused "a linear-guard table of a device onto its own $kind is refused with EINVAL" \
		"$EINVAL" "Device maps onto itself" reload self "0 2048 linear-guard $name 0"
done
refused "a table whose last segment of three is onto its own device is refused with EINVAL" \
	"$EINVAL" "Device maps onto itself" reload self "0 8 linear /dev/ram0 0
8 8 linear /dev/ram0 8
16 8 linear /dev/mapper/$P-self 16"

dmsetup create "$P-new" --notable || exit 1
defer remove_device "$P-new"
number=$(dmsetup info -c --noheadings -o major,minor "$P-new")
refused "the first table of a device onto the device itself is refused with EINVAL" \
	"$EINVAL" "Device maps onto itself" reload new "0 2048 linear $number 0"
same "the refused tables leave no inactive table" "" \
	"$(dmsetup table --inactive "$P-self" 2>&1)"
holders=(/sys/block/ram0/holders/dm-*)
same "the RAM disk has two holders after the refusals" 2 "${#holders[@]}"
same "the live table is unchanged after the refusals" "$table" "$(dmsetup table "$P-self")"

spell other
for spelling in "${SPELLINGS[@]}"; do
	name=${spelling##* } kind=${spelling% *}
	check "a table of a device onto the $kind of another is accepted" \
		reload self "0 2048 linear $name 0"
	dmsetup clear "$P-self" || exit 1
done
check "a table of a device onto another can be made live" \
	swap self "0 2048 linear /dev/mapper/$P-other 0"
check "the first table of the device can be made live again" swap self "$table"
finish
