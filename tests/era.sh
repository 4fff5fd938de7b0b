#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A refused table with a line of era loses no more devices than a stock one does.
. "$(dirname "$0")/lib.sh"

plan 13
needs "era target" modprobe dm-era
ramdisks 2 4
create a "0 4096 linear /dev/ram0 0" && create b "0 4096 linear /dev/mapper/$P-a 0" || exit 1
live=$(dmsetup table "$P-a")

# load TARGET DEVICE: a read-only table into the slot of a, whose last line is on DEVICE.
# Sets SAID, LOG, and FAULTS: how many devices core says that it has lost.
#
# The first line opens a disk to read, and era opens it to write, too.  Core then frees
# what the first line has of it, and does not know it when that is to be put back, which
# is nobody's fault but core's.  Its log reads what has been freed, so that this is for
# kernels without KASAN, which would report that, and nothing after it.
load() {
	local status=0
	new_messages
	echo "dm-linear-guard: lost devices are expected from here" >/dev/kmsg
	SAID=$(dmsetup reload "$P-a" --readonly --table "0 8 $1 /dev/ram0 0
8 2048 era /dev/ram1 /dev/ram0 128
2056 8 $1 $2 0" 2>&1) || status=$?
	new_messages
	LOG=$MESSAGES
	echo "dm-linear-guard: lost devices are expected until here" >/dev/kmsg
	FAULTS=$(grep -cE 'not in table devices list|dm_put_device call missing' <<<"$LOG")
	echo "# $1 onto $2: $FAULTS devices are lost"
	return "$status"
}
# is_refused ERROR PHRASE
is_refused() {
	[[ $SAID == *"$1"* ]] && kernel_says "$2" "$LOG" && return
	echo "$SAID" "$LOG"
	return 1
}

for scope in linear all; do
	set_to scope "$scope" || exit 1
	takeover 0
	refused=''
	fails load linear /dev/no-such-device && refused=yes
	check "a stock table with a line of era and one onto no device is refused, scope=$scope" \
		[ "$refused" ]
	stock=$FAULTS
	takeover 1
	fails load linear /dev/no-such-device
	check "a table with a line of era and one onto no device is refused, scope=$scope" \
		is_refused "" "Device lookup failed"
	check "core loses no more devices of that table than of a stock one, scope=$scope" \
		[ "$FAULTS" -le "$stock" ]
	fails load linear "/dev/mapper/$P-b"
	check "a table with a line of era and one that closes a loop is refused, scope=$scope" \
		is_refused "$ELOOP" "Device closes a loop"
	check "core loses no more devices of the loop than of a stock table, scope=$scope" \
		[ "$FAULTS" -le "$stock" ]
	check "a table without era is accepted after the refusals, scope=$scope" \
		swap a "0 4096 linear /dev/ram0 0"
done
same "the live table is as it was before the refusals" "$live" "$(dmsetup table "$P-a")"
finish
