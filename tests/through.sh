#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A loop through any stacking driver is not closed by a linear device.
. "$(dirname "$0")/lib.sh"

kinds=(striped crypt delay origin snapshot thin mirror raid1 writecache
	partition md mdpartition)
plan $((5 * ${#kinds[@]}))
require kpartx mdadm sfdisk
ramdisks 2 16
without_udev
A=/dev/mapper/$P-a
KEY=00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff

# Stacks on $A, each of which sets TOP, its uppermost device.
over_striped() {
	create x "0 16384 striped 2 8 $A 0 /dev/ram1 0" && TOP=/dev/mapper/$P-x
}

over_crypt() {
	create x "0 16384 crypt aes-xts-plain64 $KEY 0 $A 0" &&
		TOP=/dev/mapper/$P-x
}

over_delay() {
	create x "0 16384 delay $A 0 0" && TOP=/dev/mapper/$P-x
}

over_origin() {
	create x "0 16384 snapshot-origin $A" && TOP=/dev/mapper/$P-x
}

over_snapshot() {
	create x "0 16384 snapshot $A /dev/ram1 N 8" && TOP=/dev/mapper/$P-x
}

over_thin() {
	dd if=/dev/zero of=/dev/ram1 bs=4k count=1 oflag=direct 2>/dev/null
	create pool "0 16384 thin-pool /dev/ram1 $A 128 0" &&
		dmsetup message "$P-pool" 0 "create_thin 0" &&
		create x "0 16384 thin /dev/mapper/$P-pool 0" &&
		TOP=/dev/mapper/$P-x
}

over_mirror() {
	create x "0 16384 mirror core 2 1024 nosync 2 $A 0 /dev/ram1 0" &&
		TOP=/dev/mapper/$P-x
}

over_raid1() {
	create x "0 16384 raid raid1 3 0 region_size 1024 2 - $A - /dev/ram1" &&
		TOP=/dev/mapper/$P-x
}

over_writecache() {
	dd if=/dev/zero of=/dev/ram1 bs=4k count=1 oflag=direct 2>/dev/null
	create x "0 16384 writecache s $A /dev/ram1 4096 0" &&
		TOP=/dev/mapper/$P-x
}

# kpartx's partitions are linear devices, md's the kernel's own.
over_partition() {
	create x "0 16384 linear $A 0" &&
		printf '2048,8192,83\n' | sfdisk -q --force --no-reread --no-tell-kernel "/dev/mapper/$P-x" >/dev/null &&
		kpartx -n -a -p p "/dev/mapper/$P-x" &&
		defer remove_device "$P-xp1" && dmsetup mknodes &&
		TOP=/dev/mapper/$P-xp1
}

over_md() {
	mdadm --quiet --build /dev/md77 --run --force --level=1 \
		--raid-devices=1 "$A" && defer mdadm --quiet --stop /dev/md77 &&
		TOP=/dev/md77
}

over_mdpartition() {
	over_md && printf '2048,8192,83\n' | sfdisk -q --force --no-reread /dev/md77 >/dev/null &&
		TOP=/dev/md77p1
}

passes_data() {
	sectors 1 8 | dd of="$TOP" bs=4k oflag=direct status=none &&
		[ "$(dd if="$TOP" bs=4k count=1 iflag=direct status=none)" = \
			"$(sectors 1 8)" ]
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
	create a "0 16384 linear /dev/ram0 0"
	check "$kind: on a linear device" "over_$kind"
	check "$kind: passes data" passes_data
	for scope in linear all; do
		set_to scope "$scope"
		refused "$kind: is not closed, scope=$scope" "$ELOOP" \
			"Device closes a loop" reload a "0 1024 linear $TOP 0"
	done
	check "$kind: is taken down" take_down "$base"
done
finish
