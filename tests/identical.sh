#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# User space sees the same device, whichever target serves it.
. "$(dirname "$0")/lib.sh"

plan 10
loop_device 8
ramdisks 1 8

# portrait: all that dmsetup, lsblk and sysfs say, names and numbers apart.
portrait() {
	local name=$P-dev number
	number=$(number_of "/dev/mapper/$name")
	dmsetup table "$name"
	dmsetup deps "$name"
	dmsetup info -c --noheadings -o name,open,segments,attr "$name"
	lsblk --pairs --output-all "/dev/mapper/$name" |
		sed -E 's/DISK.SEQ="[0-9]+"//'
	(cd "/sys/block/$number" && grep -rs . queue/ integrity/ ro size dax \
		alignment_offset discard_alignment capability | sort)
}

compare() {
	local description=$1 stock guarded
	takeover 0
	create dev "$2"
	stock=$(portrait)
	remove_device "$P-dev"
	takeover 1
	create dev "$2"
	guarded=$(portrait)
	same "$description: looks the same" "$stock" "$guarded"
	check "$description: is served by the guard" test "$(users)" -gt "$USERS"
	remove_device "$P-dev"
}

compare "whole loop device" "0 16384 linear $LOOP 0"
compare "part of a loop device" "0 1000 linear $LOOP 24"
compare "misaligned part" "0 1001 linear $LOOP 23"
compare "two devices" "0 16384 linear $LOOP 0
16384 16384 linear /dev/ram0 0"

# What a read-only device is refused for differs between kernels.
losetup --detach "$LOOP"
losetup --read-only "$LOOP" "/dev/shm/$P".*
create dev "0 8 linear /dev/ram0 0"
for mode in "" --readonly; do
	takeover 0
	stock=$(dmsetup reload "$P-dev" $mode --table "0 8 linear $LOOP 0" 2>&1)
	takeover 1
	same "a read-only device is taken or refused as by stock ($mode)" "$stock" \
		"$(dmsetup reload "$P-dev" $mode --table "0 8 linear $LOOP 0" 2>&1)"
	dmsetup clear "$P-dev"
done
finish
