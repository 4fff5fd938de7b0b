#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A stack is loaded whole before it grows, as LVM does it; a disk must be there.
. "$(dirname "$0")/lib.sh"

plan 9
ramdisks 1 4
sectors 0 8192 >/dev/ram0
sync
create below "0 2048 linear /dev/ram0 0"
create above "0 2048 linear /dev/mapper/$P-below 0"

check "the lower device is given a larger table" \
	reload below "0 4096 linear /dev/ram0 0"
check "so is the upper, before the lower is resumed" \
	reload above "0 4096 linear /dev/mapper/$P-below 0"
check "the lower is resumed" dmsetup resume "$P-below"
check "the upper is resumed" dmsetup resume "$P-above"
check "all of it is there" cmp "/dev/mapper/$P-above" <(sectors 0 4096)

check "a larger table above is accepted" \
	reload above "0 8192 linear /dev/mapper/$P-below 0"
check "and not resumed while the lower is small" eval \
	"! dmsetup resume $P-above"
check "the device is repaired" swap above "0 2048 linear /dev/mapper/$P-below 0"
refused "a disk cannot grow by a table" "Invalid argument" \
	"Range runs past the end of the device" \
	reload below "0 8193 linear /dev/ram0 0"
finish
