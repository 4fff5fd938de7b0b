#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Each bad argument is refused with a phrase of its own and changes nothing.
. "$(dirname "$0")/lib.sh"

plan 31
ramdisks 1 4
create dev "0 2048 linear /dev/ram0 0"
table=$(dmsetup table "$P-dev")

# bad PHRASE LENGTH ARGUMENTS: refused as an invalid argument.
bad() {
	refused "table '0 $2 linear $3' is refused" "$EINVAL" "$1" \
		reload dev "0 $2 linear $3"
}

# good LENGTH ARGUMENTS: the control, close to what is refused.
good() {
	check "table '0 $1 linear $2' is accepted" reload dev "0 $1 linear $2"
	dmsetup clear "$P-dev"
}

count="Invalid argument count"
bad "$count" 8 ""
bad "$count" 8 "/dev/ram0"
bad "$count" 8 "/dev/ram0 0 0"
good 8 "/dev/ram0 0"

number="Device sector is not a number"
bad "$number" 8 "/dev/ram0 x"
bad "$number" 8 "/dev/ram0 +8"
bad "$number" 8 "/dev/ram0 -"
bad "Device sector is negative" 8 "/dev/ram0 -8"
good 8 "/dev/ram0 8"

garbage="Garbage after device sector"
bad "$garbage" 8 "/dev/ram0 8x"
bad "$garbage" 8 "/dev/ram0 0x8"
good 8 "/dev/ram0 0008"

large="Device sector is too large"
bad "$large" 8 "/dev/ram0 18446744073709551616"

past="Range runs past the end of the device"
bad "$past" 8 "/dev/ram0 18446744073709551608"
bad "$past" 8 "/dev/ram0 9223372036854775808"
bad "$past" 8 "/dev/ram0 8192"
bad "$past" 8 "/dev/ram0 8185"
bad "$past" 8193 "/dev/ram0 0"
bad "$past" 8192 "/dev/ram0 1"
good 8 "/dev/ram0 8184"
good 8192 "/dev/ram0 0"

loop_device 1 --sector-size 4096
blocks="Range is not aligned to logical blocks"
bad "$blocks" 8 "$LOOP 1"
bad "$blocks" 9 "$LOOP 8"
good 8 "$LOOP 8"

# lookup DEVICE: one that cannot be opened is refused with the stock target's error.
lookup() {
	local error
	takeover 0
	error=$(reload dev "0 8 linear $1 0" 2>&1)
	error=${error##*failed: } error=${error%%$'\n'*}
	takeover 1
	refused "a table on $1 is refused with the error of the stock target" \
		"${error:-the stock target accepted it}" "Device lookup failed" \
		reload dev "0 8 linear $1 0"
}
lookup /dev/no-such-device
lookup /dev/null
lookup /dev
lookup 4095:1048575

refused "a table whose second line alone is bad is refused" "$EINVAL" "$garbage" \
	reload dev "0 8 linear /dev/ram0 0
8 8 linear /dev/ram0 8x"
same "the live table is unchanged after all refusals" "$table" "$(dmsetup table "$P-dev")"
same "the device is the only holder of the RAM disk" 1 \
	"$(find /sys/block/ram0/holders/ -type l | wc -l)"
finish
