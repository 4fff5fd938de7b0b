#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Disks and devices may go away while tables that stand on them are loaded.
. "$(dirname "$0")/lib.sh"

plan 15
require mdadm
ramdisks 2 4
without_udev
A=/dev/mapper/$P-a

# loads FILE: load tables, good and bad, for as long as the file is there; what
# they say depends on what is left below.
loads() {
	while [ -e "$1" ]; do
		reload a "0 2048 linear $DISK 0"
		reload a "0 2048 linear /dev/mapper/$P-b 0"
		reload b "0 2048 linear $A 0"
		dmsetup clear "$P-b"
	done
}

# under_loads COMMAND...: run it while loads are.
under_loads() {
	local file pid status=0
	file=$(mktemp "/dev/shm/$P.XXXXXX")
	loads "$file" >/dev/null 2>&1 &
	pid=$!
	sleep 1
	"$@" || status=$?
	sleep 1
	rm "$file"
	wait "$pid" || true
	return "$status"
}

for scope in linear all; do
	set_to scope "$scope"

	# A disk that is unplugged.
	scsi_disk
	DISK=$SCSI sys=/sys/block/${SCSI#/dev/}/device
	create a "0 2048 linear $DISK 0"
	create b "0 2048 linear $A 0"
	check "scope=$scope: a disk is unplugged" under_loads eval "
		echo 1 >$sys/delete"
	refused "a loop is refused still" "$ELOOP" "Device closes a loop" \
		reload a "0 2048 linear /dev/mapper/$P-b 0"
	check "what stood on it can be loaded" \
		reload b "0 2048 linear $A 0"
	check "a disk that is there can take its place" eval '
		swap a "0 2048 linear /dev/ram0 0" && swap b "0 2048 linear '"$A"' 0"'
	check "the driver of the other unloaded" remove_scsi_debug

	# A device whose table is taken away.
	DISK=/dev/ram0
	check "a device is cut off" under_loads eval "
		dmsetup remove --force $P-a || true"
	check "and mended" eval '
		swap a "0 2048 linear /dev/ram0 0" && swap b "0 2048 linear '"$A"' 0"'
	remove_device "$P-b"
	remove_device "$P-a"
done

# Arrays that are built, and stopped between loads that map onto them.
comes_and_goes() {
	local i
	for i in 1 2 3; do
		fleeting_array md78 /dev/ram1 b "0.$i" || return
	done
}
create a "0 2048 linear /dev/ram0 0"
create b "0 2048 linear $A 0"
check "arrays come and go" comes_and_goes
finish
