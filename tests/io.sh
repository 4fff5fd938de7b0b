#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Direct, buffered and mapped I/O of all sizes work, within segments and across them.
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
check "direct random writes of 512 bytes are read back" \
	written --direct=1 --bs=512 --rw=randwrite --io_size=1M
check "direct random writes of 4 KiB are read back" \
	written --direct=1 --bs=4k --rw=randwrite
check "direct writes of 1 MiB, across segments, are read back" \
	written --direct=1 --bs=1M --rw=write
check "direct random writes of 512 bytes to 256 KiB are read back" \
	written --direct=1 --bsrange=512-256k --rw=randwrite --iodepth=8 \
	--ioengine=libaio --verify=md5
check "buffered random writes of 4 KiB are read back" \
	written --bs=4k --rw=randwrite --end_fsync=1
check "buffered sequential writes of 128 KiB are read back" \
	written --bs=128k --rw=write --end_fsync=1
check "random writes to mapped memory are read back" \
	written --bs=4k --rw=randwrite --ioengine=mmap

sectors 0 16392 >"$device"
sync
same "the last sector of the device holds its number" "$(sectors 16391 1)" \
	"$(dd if="$device" skip=16391 count=1 status=none)"
same "the disk below holds the last sector where the table says" "$(sectors 16391 1)" \
	"$(dd if=/dev/ram1 skip=32766 count=1 status=none)"
same "the device ends where its table ends" 16392 "$(blockdev --getsz "$device")"
finish
