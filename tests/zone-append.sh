#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A file system that appends to zones learns where on the device its data went.
. "$(dirname "$0")/lib.sh"

plan 7
require mkfs.btrfs
needs btrfs modprobe btrfs
[ -e /sys/fs/btrfs/features/zoned ] || skip "this kernel's btrfs knows no zones"
null_disk append size=256 zoned=1 zone_size=4 zone_nr_conv=0 memory_backed=1

# 40 zones of 8192 sectors, from the tenth; then the first eight.
create append "0 327680 linear $NULL 81920
327680 65536 linear $NULL 0" || exit 1
device=/dev/mapper/$P-append
check "a linear device on a zoned disk accepts zone appends" [ \
	"$(cat "/sys/block/$(number_of "$device")/queue/zone_append_max_bytes")" -gt 0 ]
check "a zoned file system can be made on the device" \
	mkfs.btrfs -q -f -O zoned -d single -m single "$device"
dir=$(mktemp -d)
defer rmdir "$dir"
check "the zoned file system can be mounted" mount "$device" "$dir"
defer eval "! mountpoint -q $dir || umount $dir"
sectors 0 16384 >"$dir/file" || exit 1
check "the zoned file system can be written to" sync -f "$dir/file"
umount "$dir" && mount "$device" "$dir" || exit 1
check "the file has its contents after a remount" cmp "$dir/file" <(sectors 0 16384)
check "btrfs scrub finds no wrong checksum" btrfs scrub start -B "$dir"
umount "$dir" || exit 1
check "the disk has the data of the device where the table says" eval \
	"cmp <(dd if=$device bs=1M count=160 iflag=direct status=none) \
		<(dd if=$NULL bs=1M skip=40 count=160 iflag=direct status=none)"
finish
