#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A file system that appends to zones learns where on the device its data went.
. "$(dirname "$0")/lib.sh"

plan 7
require mkfs.btrfs
modprobe -q btrfs
[ -e /sys/fs/btrfs/features/zoned ] || skip "this kernel's btrfs knows no zones"
null_disk append size=256 zoned=1 zone_size=4 zone_nr_conv=0 memory_backed=1
without_udev

# 40 zones of 8192 sectors, from the tenth; then the first eight.
create append "0 327680 linear $NULL 81920
327680 65536 linear $NULL 0"
device=/dev/mapper/$P-append
check "zones can be appended to" [ \
	"$(cat "/sys/block/$(number_of "$device")/queue/zone_append_max_bytes")" -gt 0 ]
check "a zoned file system" mkfs.btrfs -q -f -O zoned -d single -m single "$device"
dir=$(mktemp -d)
defer rmdir "$dir"
check "is mounted" mount "$device" "$dir"
defer eval "! mountpoint -q $dir || umount $dir"
sectors 0 16384 >"$dir/file"
check "and written to" sync -f "$dir/file"
umount "$dir"
mount "$device" "$dir"
check "what is written is read" cmp "$dir/file" <(sectors 0 16384)
check "and has its checksums" btrfs scrub start -B "$dir"
umount "$dir"
check "and its place below" eval \
	"cmp <(dd if=$device bs=1M count=160 iflag=direct) \
		<(dd if=$NULL bs=1M skip=40 count=160 iflag=direct)"
finish
