#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A DAX file system works on two swapped segments of persistent memory.
. "$(dirname "$0")/lib.sh"

plan 7
require mkfs.ext4
pmem=/dev/pmem0
modprobe -qa nd_e820 nd_pmem
udevadm settle
[ -b "$pmem" ] || skip "no $pmem; boot with memmap=64M!512M, for example"
grep -q "^$pmem" /proc/mounts && skip "$pmem is in use"

# 16 MiB from 32 MiB, then 16 MiB from 8 MiB.
create dax "0 32768 linear $pmem 65536
32768 32768 linear $pmem 16384"
device=/dev/mapper/$P-dax
same "the device can do DAX" 1 \
	"$(cat "/sys/block/$(number_of "$device")/queue/dax")"
mkfs.ext4 -q -b 4096 "$device"
dir=$(mktemp -d)
defer rmdir "$dir"
check "a file system is mounted with DAX" mount -o dax "$device" "$dir"
defer eval "! mountpoint -q $dir || umount $dir"

# A file in each half, by write, by mapped memory, and with a hole.
sectors 0 24576 >"$dir/written"
check "what is written is read" cmp "$dir/written" <(sectors 0 24576)
truncate -s 1M "$dir/mapped"
check "mapped memory keeps what it is given" fio --name=dax \
	--filename="$dir/mapped" --size=1M --bs=4k --rw=randwrite \
	--ioengine=mmap --verify=crc32c --do_verify=1 --minimal --output=/dev/null
fallocate -p -o 1000 -l 100000 "$dir/mapped"
check "a hole is zero to the byte" cmp -n 100000 -i 1000:0 \
	"$dir/mapped" /dev/zero
umount "$dir"

check "it is all there on the memory below" cmp \
	<(dd if="$device" bs=1M iflag=direct status=none) \
	<(dd if="$pmem" bs=1M skip=32 count=16 iflag=direct status=none
		dd if="$pmem" bs=1M skip=8 count=16 iflag=direct status=none)
mount "$device" "$dir"
check "and through the page cache" cmp "$dir/written" <(sectors 0 24576)
finish
