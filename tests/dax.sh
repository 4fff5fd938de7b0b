#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# DAX file systems work on segments of persistent memory, wherever these lie.
. "$(dirname "$0")/lib.sh"

plan 22
require fio mkfs.ext4 mkfs.xfs
pmem_disk 352
hurry

# 304 MiB, as one segment, and as two, of 8 MiB and of 296 that lie elsewhere: what
# is written crosses from the first to the second.
one="0 622592 linear $PMEM 65536"
two="0 16384 linear $PMEM 32768
16384 606208 linear $PMEM 114688"
create one "$one"
create two "$two"
# Unmounted before they are removed.
dir=$(mktemp -d)
defer rmdir "$dir"
defer eval "! mountpoint -q $dir || umount $dir"

# part_of DEVICE FIRST COUNT: that many MiB of it, from there on.
part_of() {
	dd if="$1" bs=1M skip="$2" count="$3" iflag=direct status=none
}

# holds NAME: the first 32 MiB of the device are found in the memory below.
holds() {
	case $1 in
	one) part_of "$PMEM" 32 32 ;;
	two) part_of "$PMEM" 16 8 && part_of "$PMEM" 56 24 ;;
	esac | cmp - <(part_of "/dev/mapper/$P-$1" 0 32)
}

# exercise NAME MKFS...: make a DAX file system, and use its files in every way.
exercise() {
	local device=/dev/mapper/$P-$1 type=${2#mkfs.} what
	what="$type on device $1"
	check "$what is made" "${@:2}" "$device"
	check "$what is mounted with DAX" mount -t "$type" -o dax=always "$device" "$dir"
	sectors 0 24576 >"$dir/written"
	check "$what reads back what is written" cmp "$dir/written" <(sectors 0 24576)
	truncate -s 1M "$dir/mapped"
	check "$what keeps what is written to mapped memory" fio --name=dax \
		--filename="$dir/mapped" --size=1M --bs=4k --rw=randwrite \
		--ioengine=mmap --verify=crc32c --do_verify=1 --minimal \
		--output=/dev/null
	fallocate -p -o 1000 -l 100000 "$dir/mapped"
	check "$what reads zeroes from a hole, to the byte" cmp -n 100000 -i 1000:0 \
		"$dir/mapped" /dev/zero
	umount "$dir"
	check "$what has its data in the memory below" holds "$1"
	mount -t "$type" "$device" "$dir"
	check "$what reads the same through the page cache" \
		cmp "$dir/written" <(sectors 0 24576)
	umount "$dir"
}

# dax_of NAME: 1 if the device can do DAX.
dax_of() {
	cat "/sys/block/$(number_of "/dev/mapper/$P-$1")/queue/dax"
}
same "both devices can do DAX" "1 1" "$(dax_of one) $(dax_of two)"
exercise one mkfs.ext4 -q -F -b 4096
exercise two mkfs.ext4 -q -F -b 4096
# Without reflinks, which older kernels do not have together with DAX.
exercise two mkfs.xfs -q -f -m reflink=0 -d agcount=2
finish
