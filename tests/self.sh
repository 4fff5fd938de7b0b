#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A device is not mapped onto itself, whatever name it is given.
. "$(dirname "$0")/lib.sh"

plan 22
ramdisks 1 4
create self "0 8192 linear /dev/ram0 0"
create other "0 2048 linear /dev/ram0 0"

# spell NAME: the ways to say the same device.
spell() {
	local path=/dev/mapper/$P-$1 link
	link=$(mktemp -u "/dev/shm/$P.XXXXXX")
	ln -s "$path" "$link"
	defer rm -f "$link"
	SPELLINGS=("$path" "/dev/$(number_of "$path")" "$link"
		"/dev/shm/../mapper/$P-$1"
		"$(dmsetup info -c --noheadings -o major,minor "$P-$1")")
}

table=$(dmsetup table "$P-self")
spell self
for name in "${SPELLINGS[@]}"; do
	refused "not onto itself as $name" "Invalid argument" \
		"Device maps onto itself" reload self "0 2048 linear $name 0"
	refused "nor by the target's other name" "Invalid argument" \
		"Device maps onto itself" \
		reload self "0 2048 linear-guard $name 0"
done
refused "nor in the last of several segments" "Invalid argument" \
	"Device maps onto itself" \
	reload self "0 8 linear /dev/ram0 0
8 8 linear /dev/ram0 8
16 8 linear /dev/mapper/$P-self 16"

dmsetup create "$P-new" --notable
defer remove_device "$P-new"
number=$(dmsetup info -c --noheadings -o major,minor "$P-new")
refused "nor as its first table" "Invalid argument" \
	"Device maps onto itself" reload new "0 2048 linear $number 0"
same "no inactive table is left of all these" "" \
	"$(dmsetup table --inactive "$P-self")"
same "nothing but the RAM disk is held" 2 \
	"$(find /sys/block/ram0/holders/ -type l | wc -l)"
same "the live table is what it was" "$table" "$(dmsetup table "$P-self")"

spell other
for name in "${SPELLINGS[@]}"; do
	check "onto another as $name" reload self "0 2048 linear $name 0"
	dmsetup clear "$P-self"
done
check "and onto another in use" swap self "0 2048 linear /dev/mapper/$P-other 0"
check "which can be undone" swap self "$table"
finish
