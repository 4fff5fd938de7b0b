#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Each refusal can be read later in last_refusal, and is announced by a uevent.
. "$(dirname "$0")/lib.sh"

plan 19
ramdisks 2 4
A=/dev/mapper/$P-a B=/dev/mapper/$P-b
create a "0 2048 linear /dev/ram0 0" && create b "0 2048 linear $A 0" || exit 1
dmsetup create "$P-new" --notable || exit 1
defer remove_device "$P-new"

# What last_refusal calls them, and their numbers.
declare -A known number
for name in a b new; do
	number[$name]=$(dmsetup info -c --noheadings -o major,minor --separator : "$P-$name")
	known[$name]="$P-$name (dm-${number[$name]#*:})"
done
a=${known[a]} b=${known[b]} new=${known[new]}

# remembered TEXT: last_refusal has it, after the time.
remembered() {
	local seconds text
	read -r seconds text <"$PARAMS/last_refusal"
	same_text "$1" "$text"
}

check "the kernel's events are listened to" listen

uptime() {
	local seconds
	read -r seconds _ </proc/uptime && echo "${seconds%.*}"
}

# shellcheck disable=SC2034 # eval has both
from=$(uptime)
refused "a table that closes a loop is refused" "$ELOOP" "Device closes a loop" \
	reload a "0 2048 linear $B 0"
# shellcheck disable=SC2034
to=$(uptime)
check "last_refusal shows the loop" \
	remembered "loop ${number[a]} refusing $a: loop $a -> $b -> $a"
read -r seconds _ <"$PARAMS/last_refusal"
check "last_refusal shows the seconds since boot" \
	eval "((from <= seconds && seconds <= to))"
check "the loop is announced by the device" wait_for announced 1 ACTION=change \
	SUBSYSTEM=block "DEVNAME=/dev/dm-${number[a]#*:}" DM_LINEAR_GUARD=loop
refused "a table that maps a device onto itself is refused" "$EINVAL" \
	"Device maps onto itself" reload a "0 2048 linear $A 0"
check "last_refusal shows the device that is mapped onto itself" \
	remembered "self ${number[a]} refusing $a: loop $a -> $a"
check "the table that maps a device onto itself is announced by the device" \
	wait_for announced 1 "DEVNAME=/dev/dm-${number[a]#*:}" DM_LINEAR_GUARD=self

set_to max_depth 2
refused "a first table that makes the stack too deep is refused" "$ELOOP" \
	"Stack of devices is too deep" reload new "0 2048 linear $B 0"
check "last_refusal shows the stack that would be too deep" remembered \
	"depth ${number[new]} refusing $new: stack deeper than 2 $new -> $b -> $a -> ram0"
check "the first table is announced, by the device or by the module" wait_for announced 1 \
	ACTION=change "DM_LINEAR_GUARD_DEVICE=${number[new]}" DM_LINEAR_GUARD=depth
set_to max_depth 32

# More than the log is allowed lines for.
before=$(events DM_LINEAR_GUARD=loop)
many() {
	local i
	for ((i = 0; i < 40; i++)); do
		says "$ELOOP" reload a "0 2048 linear $B 0" || return
	done
}
check "a table that closes a loop is refused 40 times" many
check "each of 40 refusals is announced" wait_for announced $((before + 40)) DM_LINEAR_GUARD=loop
check "a table that maps a device onto itself is refused right after" says "$EINVAL" \
	reload a "0 2048 linear $A 0"
check "last_refusal shows the last of many refusals" \
	remembered "self ${number[a]} refusing $a: loop $a -> $a"

# A resume into a loop that somebody else has closed.
set_to scope linear
dmsetup suspend "$P-b" && swap a "0 2048 striped 1 8 $B 0" || exit 1
defer eval "swap b '0 2048 linear /dev/ram1 0' && swap a '0 2048 linear /dev/ram0 0'"
refused "a resume into a loop is refused" "$ELOOP" "not resuming $b" dmsetup resume "$P-b"
check "last_refusal shows the resume into a loop" \
	remembered "loop ${number[b]} not resuming $b: loop $b -> $a -> $b"
check "the refused resume is announced by the device, which is suspended" wait_for \
	announced 1 "DEVNAME=/dev/dm-${number[b]#*:}" DM_LINEAR_GUARD=loop
check "the loop is opened" eval \
	"swap b '0 2048 linear /dev/ram1 0' && swap a '0 2048 linear /dev/ram0 0'"
finish
