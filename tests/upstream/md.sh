#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# md and bcache do not use a device that cannot be linked, and are as they were before.
. "$(dirname "$0")/../lib.sh"

[ "${UPSTREAM-}" ] || skip "this is for kernels with the series of docs/upstream"
plan 19
require make-bcache mdadm
needs bcache modprobe bcache
ramdisks 3 16
X=/dev/mapper/$P-x

# With room for the device that is stacked on it.  mdadm wants that to be as large as the first.
check "an array is built" array_with_room md77 /dev/ram0
check "a linear device is created on the array" create x "0 32768 linear /dev/md77 0"
number=$(number_of "$X")
new_messages
check "md does not add the device to the array below it" fails mdadm --quiet /dev/md77 --add "$X"
new_messages
check "the kernel says why md does not add the device" \
	kernel_says "Device closes a loop" "$MESSAGES"
check "the device is no slave of the array" [ ! -e "/sys/block/md77/slaves/$number" ]
check "the array is no holder of the device" [ ! -e "/sys/block/$number/holders/md77" ]
check "the device is not among those of the array" [ ! -e "/sys/block/md77/md/dev-$number" ]
check "the array can be read after the refusal" can_be_read /dev/md77
check "a table that takes the device off the array is resumed" \
	swap x "0 32768 linear /dev/ram1 0"
check "md adds the device once it is not on the array" mdadm --quiet /dev/md77 --add "$X"
refused "a table of the device onto the array is refused then" "$ELOOP" \
	"Device closes a loop" reload x "0 32768 linear /dev/md77 0"
check "the device is removed from the array" eval \
	"mdadm --quiet /dev/md77 --fail $X && wait_for mdadm --quiet /dev/md77 --remove $X"
check "the array is stopped" mdadm --quiet --stop /dev/md77

# The backing device is one too deep.
create y "0 32768 linear /dev/ram2 0" || exit 1
set_to max_depth 1 || exit 1
check "bcache does not register a backing device that is too deep" \
	fails register_bcache "/dev/mapper/$P-y"
check "the refused backing device has no holder" [ -z "$(holders_of "/dev/mapper/$P-y")" ]
set_to max_depth 2 || exit 1
# It has a superblock already, which make-bcache would not write over.
echo "/dev/mapper/$P-y" >/sys/fs/bcache/register || exit 1
bcache=$(holders_of "/dev/mapper/$P-y")
check "bcache registers the same device once it is not too deep" \
	[ -d "/sys/block/$bcache/bcache" ]
defer stop_bcache "$bcache"

# A cache on the very disk that is to be cached, of as many buckets as bcache wants.
set_to max_depth 8 || exit 1
create z "0 32000 linear /dev/$bcache 0" || exit 1
attaches() {
	local set said
	make-bcache --wipe-bcache --bucket 16k -C "/dev/mapper/$P-z" >/dev/null &&
		echo "/dev/mapper/$P-z" >/sys/fs/bcache/register || return
	set=$(find /sys/fs/bcache -maxdepth 1 -name '*-*-*') && [ "$set" ] &&
		defer stop_cache "$set" && said=$(bash -c \
		"echo ${set##*/} >/sys/block/$bcache/bcache/attach" 2>&1) && return
	echo "$said"
	return 1
}
stop_cache() {
	[ ! -e "$1" ] || echo 1 >"$1/stop" && wait_for [ ! -e "$1" ]
}
check "bcache does not attach a cache that is stacked on the disk itself" \
	says "$ELOOP" attaches
check "the disk has no second slave after the refusal" [ \
	"$(find "/sys/block/$bcache/slaves" -type l | wc -l)" = 1 ]
check "the disk of bcache can be read after the refusal" can_be_read "/dev/$bcache"
finish
