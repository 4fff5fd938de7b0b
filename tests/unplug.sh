#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Disks and devices may go away while tables that map onto them are loaded.
. "$(dirname "$0")/lib.sh"

plan 15
require mdadm
ramdisks 2 4
A=/dev/mapper/$P-a
DIR=$(mktemp -d)
defer rm -r "$DIR"

# loads: load tables, good and bad, in rounds, as long as there is the file going.  What
# they say depends on what is left below: it is shown if the check fails.
loads() {
	start_mapper
	while [ -e "$DIR/going" ]; do
		{
			reload a "0 2048 linear $DISK 0"
			reload a "0 2048 linear /dev/mapper/$P-b 0"
			reload b "0 2048 linear $A 0"
			dmsetup clear "$P-b"
		} >"$DIR/said" 2>&1
		printf . >>"$DIR/rounds"
		# Others are to get on, too.
		pause 0.02
	done
}

# more_rounds NUMBER: wait until loads has made that many.
more_rounds() {
	local rounds
	read -r rounds <"$DIR/rounds"
	wait_for has_made $((${#rounds} + $1))
}
has_made() {
	local rounds
	# There is no end of a line.
	read -r rounds <"$DIR/rounds"
	[ ${#rounds} -ge "$1" ]
}

# under_loads COMMAND...: run it while loads are made, before, meanwhile and after.
under_loads() {
	local pid status=0
	: >"$DIR/rounds"
	: >"$DIR/going"
	loads &
	pid=$!
	more_rounds 4 && "$@" && more_rounds 4 || status=1
	rm "$DIR/going"
	wait "$pid" || status=1
	echo "the last loads said:" && cat "$DIR/said"
	return "$status"
}

for scope in linear all; do
	set_to scope "$scope"

	# A disk that is unplugged.
	scsi_disk
	DISK=$SCSI sys=/sys/block/${SCSI#/dev/}/device
	create a "0 2048 linear $DISK 0" && create b "0 2048 linear $A 0" || exit 1
	check "a disk can be unplugged while tables are loaded, scope=$scope" \
		under_loads eval "echo 1 >$sys/delete"
	refused "a loop above an unplugged disk is refused with ELOOP, scope=$scope" "$ELOOP" \
		"Device closes a loop" reload a "0 2048 linear /dev/mapper/$P-b 0"
	check "a table onto a device on an unplugged disk is accepted, scope=$scope" \
		reload b "0 2048 linear $A 0"
	check "tables onto a RAM disk replace those onto an unplugged one, scope=$scope" eval '
		swap a "0 2048 linear /dev/ram0 0" && swap b "0 2048 linear '"$A"' 0"'
	check "the driver of the unplugged disk can be unloaded, scope=$scope" remove_scsi_debug

	# A device whose table is taken away, and which stays, as another is on it.
	DISK=/dev/ram0
	check "a table can be wiped while tables are loaded, scope=$scope" under_loads \
		says "Device or resource busy" dmsetup remove --force "$P-a"
	check "tables onto a RAM disk replace a wiped one, scope=$scope" eval '
		swap a "0 2048 linear /dev/ram0 0" && swap b "0 2048 linear '"$A"' 0"'
	remove_device "$P-b" && remove_device "$P-a" || exit 1
done

# Arrays that are built, and stopped between loads that map onto them.
comes_and_goes() {
	local i
	for i in 1 2 3; do
		fleeting_array md78 /dev/ram1 b "0.$i" || return
	done
}
create a "0 2048 linear /dev/ram0 0" && create b "0 2048 linear $A 0" || exit 1
check "arrays can be built and stopped while tables onto them are loaded" comes_and_goes
finish
