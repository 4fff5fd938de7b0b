#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A stack of max_depth devices works, and none gets one deeper.
. "$(dirname "$0")/lib.sh"

plan 30
require mdadm sfdisk
ramdisks 3 4
without_udev

for value in 0 65 -1 many ""; do
	check "max_depth is not '$value'" fails set_to max_depth "$value"
done
same "but 32" 32 "$(counter max_depth)"

TOO_DEEP="Stack of devices is too deep"
set_to max_depth 6
before=$(counter depth_refused)
check "6 devices are stacked" chain a 6 /dev/ram0
sectors 1 8 | dd of="$CHAIN" bs=4k oflag=direct 2>/dev/null
same "and pass data on" "$(sectors 1 8)" \
	"$(dd if=/dev/ram0 bs=4k count=1 iflag=direct 2>/dev/null)"
refused "a seventh is not, on top" "$ELOOP" "$TOO_DEEP" \
	create a7 "0 2048 linear $CHAIN 0"
same "the device that was to be is not" "" "$(dmsetup ls | grep "$P-a7")"
create b1 "0 2048 linear /dev/ram1 0"
refused "nor at the bottom" "$ELOOP" "$TOO_DEEP" \
	reload a1 "0 2048 linear /dev/mapper/$P-b1 0"
refused "nor in between" "$ELOOP" "$TOO_DEEP" \
	reload b1 "0 2048 linear $CHAIN 0"
same "each is counted" "$((before + 3))" "$(counter depth_refused)"

check "two stacks of 3 and 3" chain c 3 /dev/ram1
check "are joined" swap c1 "0 2048 linear /dev/mapper/$P-a3 0"
check "and parted" swap c1 "0 2048 linear /dev/ram1 0"
refused "of 3 and 4 are not" "$ELOOP" "$TOO_DEEP" \
	reload c1 "0 2048 linear /dev/mapper/$P-a4 0"

# The longest way counts, not the first that is found.
create long "0 1024 linear /dev/ram1 0
1024 1024 linear /dev/mapper/$P-a5 1024"
refused "the longest of several ways counts" "$ELOOP" "$TOO_DEEP" \
	create longer "0 2048 linear /dev/mapper/$P-long 0"
check "after the longest is gone" swap long "0 2048 linear /dev/ram1 0"
check "the same is accepted" create longer \
	"0 2048 linear /dev/mapper/$P-long 0"

set_to max_depth 7
check "a larger max_depth applies at once" create a7 "0 2048 linear $CHAIN 0"
set_to max_depth 3
check "a smaller one leaves what there is" dd if="/dev/mapper/$P-a7" \
	of=/dev/null bs=4k count=1 iflag=direct
refused "but for new tables" "$ELOOP" "$TOO_DEEP" \
	reload a7 "0 2048 linear /dev/mapper/$P-a6 0"
check "except where they are not too deep" swap a7 "0 2048 linear /dev/ram1 0"

# Upwards through an array and a partition of it, which is the kernel's.
partitioned_array() {
	array md78 "/dev/mapper/$P-c3" && partition /dev/md78 128,1024,83 &&
		[ -b /dev/md78p1 ]
}
set_to max_depth 7
check "an array stands on a stack of 3" partitioned_array
check "and a device on a partition of it" \
	create p "0 1024 linear /dev/md78p1 0"
check "these 5 can be joined with 2" swap c1 "0 2048 linear /dev/mapper/$P-a2 0"
refused "but not with 3" "$ELOOP" "$TOO_DEEP" \
	reload c1 "0 2048 linear /dev/mapper/$P-a3 0"

set_to max_depth 64
check "64 devices are stacked" chain e 64 /dev/ram2
check "and probed by blkid" fails blkid -p "$CHAIN"
finish
