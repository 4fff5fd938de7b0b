#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Direct and buffered I/O, large and small, within segments and across them.
. "$(dirname "$0")/lib.sh"

plan 10
require fio
ramdisks 2 16
device=/dev/mapper/$P-io

# 64 KiB segments that alternate between two disks, so that any larger bio is
# split, and a segment of one sector that makes the rest misaligned.
table=$(awk 'BEGIN {
	print 0, 1, "linear /dev/ram0 32767"
	for (i = 0; i < 128; i++)
		print 1 + i * 128, 128, "linear /dev/ram" i % 2, (127 - i) * 128
	print 1 + 128 * 128, 7, "linear /dev/ram1", 32760
}')
create io "$table"

# written OPTIONS...: fio writes, then reads back and compares checksums.
written() {
	fio --name=io --filename="$device" --size=8M --minimal --output=/dev/null \
		--verify=crc32c --verify_fatal=1 --do_verify=1 --randrepeat=1 "$@"
}
check "direct, 512 bytes, random" \
	written --direct=1 --bs=512 --rw=randwrite --io_size=1M
check "direct, 4 KiB, random" written --direct=1 --bs=4k --rw=randwrite
check "direct, 1 MiB, across segments" written --direct=1 --bs=1M --rw=write
check "direct, 512 bytes to 256 KiB, mixed" written --direct=1 \
	--bsrange=512-256k --rw=randwrite --iodepth=8 \
	--ioengine=libaio --verify=md5
check "buffered, 4 KiB, random" written --bs=4k --rw=randwrite --end_fsync=1
check "buffered, 128 KiB, in order" written --bs=128k --rw=write --end_fsync=1
check "mapped memory" written --bs=4k --rw=randwrite --ioengine=mmap

sectors 0 16392 >"$device"
sync
same "the last sector holds its number" 16391 \
	"$(dd if="$device" skip=16391 count=1 status=none | tr -d ' ')"
same "it does so below" 16391 \
	"$(dd if=/dev/ram1 skip=32766 count=1 status=none | tr -d ' ')"
check "the end of the device is its end" \
	test "$(blockdev --getsz "$device")" = 16392
finish
