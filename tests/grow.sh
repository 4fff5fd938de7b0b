#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A stack can be loaded whole before it grows, as LVM does it; a disk cannot grow.
. "$(dirname "$0")/lib.sh"

plan 9
with_udev
ramdisks 1 1
sectors 0 2048 >/dev/ram0
sync
create below "0 512 linear /dev/ram0 0"
create above "0 512 linear /dev/mapper/$P-below 0"

check "a larger table of the lower device is accepted" \
	reload below "0 1024 linear /dev/ram0 0"
check "a larger table of the upper device is accepted before the lower is resumed" \
	reload above "0 1024 linear /dev/mapper/$P-below 0"
check "the lower device is resumed with its larger table" dmsetup resume "$P-below"
check "the upper device is resumed with its larger table" dmsetup resume "$P-above"
check "every sector is read through the grown stack" cmp "/dev/mapper/$P-above" <(sectors 0 1024)

check "a table larger than the lower device is accepted" \
	reload above "0 2048 linear /dev/mapper/$P-below 0"
not_resumed() {
	local said
	said=$(dmsetup resume "$P-$1" 2>&1) && return 1
	echo "$said"
	[[ $said == *"$EINVAL"* ]]
}
check "a table larger than the lower device is not resumed" not_resumed above
check "a table within the lower device is resumed after that" \
	swap above "0 512 linear /dev/mapper/$P-below 0"
refused "a table larger than the disk below is refused" "$EINVAL" \
	"Range runs past the end of the device" \
	reload below "0 2049 linear /dev/ram0 0"
finish
