#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# DAX file systems work on segments of persistent memory, wherever these lie.
. "$(dirname "$0")/lib.sh"

plan 22
require mkfs.ext4 mkfs.xfs
pmem_disk 352
hurry

# 304 MiB of it, in one piece and as the last 296 and some 8 before them: what
# is written crosses from the one to the other.
one="0 622592 linear $PMEM 65536"
two="0 16384 linear $PMEM 32768
16384 606208 linear $PMEM 114688"
create one "$one"
create two "$two"
# Unmounted before they are removed.
dir=$(mktemp -d)
defer rmdir "$dir"
defer eval "! mountpoint -q $dir || umount $dir"

# head_of DEVICE MEBIBYTES COUNT: from there on.
head_of() {
	dd if="$1" bs=1M skip="$2" count="$3" iflag=direct status=none
}

# holds NAME: the beginning of the memory below is that of the device.
holds() {
	case $1 in
	one) head_of "$PMEM" 32 32 ;;
	two) head_of "$PMEM" 16 8 && head_of "$PMEM" 56 24 ;;
	esac | cmp - <(head_of "/dev/mapper/$P-$1" 0 32)
}

# exercise NAME MKFS...: a DAX file system, its files in every way.
exercise() {
	local device=/dev/mapper/$P-$1 what="${2#mkfs.}, $1:"
	check "$what a file system" "${@:2}" "$device"
	check "$what is mounted with DAX" \
		mount -t "${2#mkfs.}" -o dax=always "$device" "$dir"
	sectors 0 24576 >"$dir/written"
	check "$what what is written is read" cmp "$dir/written" <(sectors 0 24576)
	truncate -s 1M "$dir/mapped"
	check "$what mapped memory keeps what it is given" fio --name=dax \
		--filename="$dir/mapped" --size=1M --bs=4k --rw=randwrite \
		--ioengine=mmap --verify=crc32c --do_verify=1 --minimal \
		--output=/dev/null
	fallocate -p -o 1000 -l 100000 "$dir/mapped"
	check "$what a hole is zero to the byte" cmp -n 100000 -i 1000:0 \
		"$dir/mapped" /dev/zero
	umount "$dir"
	check "$what it is all there on the memory below" holds "$1"
	mount -t "${2#mkfs.}" "$device" "$dir"
	check "$what and through the page cache" \
		cmp "$dir/written" <(sectors 0 24576)
	umount "$dir"
}

same "both can do DAX" "1 1" "$(for name in one two; do
	cat "/sys/block/$(number_of "/dev/mapper/$P-$name")/queue/dax"
done | xargs)"
exercise one mkfs.ext4 -q -F -b 4096
exercise two mkfs.ext4 -q -F -b 4096
# Without what older kernels cannot have together with DAX.
exercise two mkfs.xfs -q -f -m reflink=0 -d agcount=2
finish
