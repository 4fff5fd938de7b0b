#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A loop through any stacking driver is not closed by a linear device.
. "$(dirname "$0")/lib.sh"

kinds=("${TARGETS[@]}" thin partition md mdpartition bcache)
plan $((5 * ${#kinds[@]}))
require kpartx make-bcache mdadm sfdisk
needs bcache modprobe bcache
ramdisks 3 16
hurry
A=/dev/mapper/$P-a
data=$(sectors 1 8) && [ "$data" ] || exit 1

# Stacks on $A, each of which sets TOP, its uppermost device.
over_target() {
	create x "$(table "$1" "$A" 16384)" && TOP=/dev/mapper/$P-x
}

over_thin() {
	over_target thin-pool && dmsetup message "$P-x" 0 "create_thin 0" &&
		create y "0 16384 thin $TOP 0" && TOP=/dev/mapper/$P-y
}

# kpartx's partitions are linear devices, those of md are the kernel's.
over_partition() {
	over_target linear &&
		partition "$TOP" 2048,8192,83 --no-tell-kernel &&
		kpartx -n -a -p p "$TOP" &&
		defer remove_device "$P-xp1" && dmsetup mknodes &&
		TOP=/dev/mapper/$P-xp1
}

over_md() {
	array md77 "$A" && TOP=/dev/md77
}

over_mdpartition() {
	over_md && partition /dev/md77 2048,8192,83 &&
		create x "0 8192 linear /dev/md77p1 0" && TOP=/dev/mapper/$P-x
}

over_bcache() {
	TOP=$(make_bcache "$A") && defer stop_bcache "$TOP" && TOP=/dev/$TOP
}

passes_data() {
	dd of="$TOP" bs=4k iflag=fullblock oflag=direct status=none <<<"$data" &&
		[ "$(dd if="$TOP" bs=4k count=1 iflag=direct status=none)" = "$data" ]
}

# End what was begun since there were so many things to be ended.
take_down() {
	while [ ${#DEFERRED[@]} -gt "$1" ]; do
		eval "${DEFERRED[-1]}" || return
		unset 'DEFERRED[-1]'
	done
}

base=${#DEFERRED[@]}
for kind in "${kinds[@]}"; do
	empty_ramdisks || exit 1
	create a "0 16384 linear /dev/ram0 0" || exit 1
	case " ${TARGETS[*]} " in
	*" $kind "*) over=(over_target "$kind") ;;
	*) over=("over_$kind") ;;
	esac
	check "$kind can be stacked on a linear device" "${over[@]}"
	check "$kind stacked on a linear device passes data" passes_data
	for scope in linear all; do
		set_to scope "$scope"
		refused "a linear table that closes a loop through $kind is refused, scope=$scope" \
			"$ELOOP" "Device closes a loop" reload a "0 1024 linear $TOP 0"
	done
	check "$kind can be taken down after the refusals" take_down "$base"
done
finish
