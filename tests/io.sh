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
table="0 1 linear /dev/ram0 32767"
for ((i = 0; i < 64; i++)); do
	table+=$'\n'"$((1 + i * 128)) 128 linear /dev/ram$((i % 2)) $(((63 - i) * 128))"
done
create io "$table
$((1 + 64 * 128)) 7 linear /dev/ram1 32760"

# job NAME OPTIONS...: fio writes, then reads back and compares checksums.  One fio for
# all jobs, one after another, as it takes longer to start than to do them.
jobs=()
job() {
	jobs+=(--name="$1" --stonewall "${@:2}")
}
job small --direct=1 --bs=512 --rw=randwrite --io_size=512k
job pages --direct=1 --bs=4k --rw=randwrite
job large --direct=1 --bs=1M --rw=write
job mixed --direct=1 --bsrange=512-256k --rw=randwrite --iodepth=8 --ioengine=libaio \
	--verify=md5
job buffered --bs=4k --rw=randwrite --end_fsync=1
job sequential --bs=128k --rw=write --end_fsync=1
job mapped --bs=4k --rw=randwrite --ioengine=mmap
fio --filename="$device" --size=4M --minimal --output="$OUTPUT.fio" --thread \
	--verify=crc32c --verify_fatal=1 --do_verify=1 --verify_state_save=0 \
	--randrepeat=1 "${jobs[@]}" >"$OUTPUT.errors" 2>&1
defer rm -f "$OUTPUT".{fio,errors}

# written NAME KIB: that job has written so much, and has verified as much.
written() {
	local name error verified fields
	while IFS=';' read -r _ _ name _ error verified fields; do
		[ "$name" = "$1" ] || continue
		IFS=';' read -ra fields <<<"$fields"
		# That is the forty-seventh field of all.
		[ "$error $verified ${fields[40]}" != "0 $2 $2" ] || return 0
	done <"$OUTPUT.fio"
	cat "$OUTPUT".{errors,fio}
	return 1
}
check "direct random writes of 512 bytes are read back" written small 512
check "direct random writes of 4 KiB are read back" written pages 4096
check "direct writes of 1 MiB, across segments, are read back" written large 4096
check "direct random writes of 512 bytes to 256 KiB are read back" written mixed 4096
check "buffered random writes of 4 KiB are read back" written buffered 4096
check "buffered sequential writes of 128 KiB are read back" written sequential 4096
check "random writes to mapped memory are read back" written mapped 4096

sectors 0 8200 >"$device"
sync
same "the last sector of the device holds its number" "$(sectors 8199 1)" \
	"$(dd if="$device" skip=8199 count=1 status=none)"
same "the disk below holds the last sector where the table says" "$(sectors 8199 1)" \
	"$(dd if=/dev/ram1 skip=32766 count=1 status=none)"
same "the device ends where its table ends" 8200 "$(blockdev --getsz "$device")"
finish
