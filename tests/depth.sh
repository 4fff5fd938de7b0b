#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A stack of max_depth devices works, and no stack becomes deeper.
. "$(dirname "$0")/lib.sh"

plan 30
require mdadm sfdisk
ramdisks 3 4

# rejected VALUE ERROR: max_depth is not set to that.
rejected() {
	local said
	said=$(set_to max_depth "$1" 2>&1)
	echo "$said"
	[[ $said == *"$2" ]]
}
for value in 0 $((MOST + 1)); do
	check "max_depth=$value is refused" rejected "$value" "$ERANGE"
done
for value in -1 many ""; do
	check "max_depth='$value' is refused" rejected "$value" "$EINVAL"
done
same "max_depth is unchanged after the refusals" 32 "$(counter max_depth)"

TOO_DEEP="Stack of devices is too deep"
set_to max_depth 6
before=$(($(counter depth_refused) - ATTEMPTS))
check "a stack of 6 devices is accepted with max_depth=6" chain a 6 /dev/ram0
sectors 1 8 | dd of="$CHAIN" bs=4k oflag=direct iflag=fullblock status=none
same "data written to the stack of 6 devices arrive on the disk" "$(sectors 1 8)" \
	"$(dd if=/dev/ram0 bs=4k count=1 iflag=direct status=none)"
refused "a new seventh device on top of the stack is refused" "$ELOOP" "$TOO_DEEP" \
	create a7 "0 2048 linear $CHAIN 0"
check "the refused seventh device does not exist" fails exists "$P-a7"
create b1 "0 2048 linear /dev/ram1 0"
refused "a seventh device at the bottom of the stack is refused" "$ELOOP" "$TOO_DEEP" \
	reload a1 "0 2048 linear /dev/mapper/$P-b1 0"
refused "a reload of an existing device as the seventh is refused" "$ELOOP" "$TOO_DEEP" \
	reload b1 "0 2048 linear $CHAIN 0"
same "depth_refused counts the refusals" "$((before + ATTEMPTS))" "$(counter depth_refused)"

check "a stack of 3 devices is made on another disk" chain c 3 /dev/ram1
check "two stacks of 3 devices are joined" swap c1 "0 2048 linear /dev/mapper/$P-a3 0"
check "the two stacks of 3 devices are parted" swap c1 "0 2048 linear /dev/ram1 0"
refused "joining stacks of 3 and 4 devices is refused" "$ELOOP" "$TOO_DEEP" \
	reload c1 "0 2048 linear /dev/mapper/$P-a4 0"

# The longest path counts, not the first that is found.
create long "0 1024 linear /dev/ram1 0
1024 1024 linear /dev/mapper/$P-a5 1024"
refused "a device above paths of 1 and 6 devices is refused" "$ELOOP" "$TOO_DEEP" \
	create longer "0 2048 linear /dev/mapper/$P-long 0"
check "the longer path is removed" swap long "0 2048 linear /dev/ram1 0"
check "the same device is accepted without the longer path" create longer \
	"0 2048 linear /dev/mapper/$P-long 0"

set_to max_depth 7
check "a seventh device is accepted with max_depth=7" \
	create a7 "0 2048 linear /dev/mapper/$P-a6 0"
set_to max_depth 3
check "a stack of 7 devices can still be read with max_depth=3" \
	can_be_read "/dev/mapper/$P-a7"
if [ "${UPSTREAM-}" ]; then
	check "a reload of the seventh device onto the same device is accepted" \
		reload a7 "0 2048 linear /dev/mapper/$P-a6 0"
else
	refused "a reload of the seventh device is refused with max_depth=3" "$ELOOP" \
		"$TOO_DEEP" reload a7 "0 2048 linear /dev/mapper/$P-a6 0"
fi
check "a table that is not too deep is accepted with max_depth=3" \
	swap a7 "0 2048 linear /dev/ram1 0"

# The way up leads through an array and a partition of it.
partitioned_array() {
	array md78 "/dev/mapper/$P-c3" && partition /dev/md78 128,1024,83 &&
		[ -b /dev/md78p1 ]
}
set_to max_depth 7
check "an array with a partition is made on a stack of 3 devices" partitioned_array
check "a device is made on the partition of the array" \
	create p "0 1024 linear /dev/md78p1 0"
check "the stack of 5 devices is joined with one of 2" \
	swap c1 "0 2048 linear /dev/mapper/$P-a2 0"
refused "joining the stack of 5 devices with one of 3 is refused" "$ELOOP" "$TOO_DEEP" \
	reload c1 "0 2048 linear /dev/mapper/$P-a3 0"

set_to max_depth "$MOST"
check "a stack of as many devices as max_depth can be is accepted" chain e "$MOST" /dev/ram2
probed() {
	blkid -p "$1"
	# It has found nothing.
	[ $? = 2 ]
}
check "blkid probes a stack of as many devices as max_depth can be" probed "$CHAIN"
finish
