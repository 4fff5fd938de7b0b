#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A file system that appends to zones learns where on the device its data went.
. "$(dirname "$0")/lib.sh"

plan 7
require mkfs.btrfs blkzone
needs btrfs modprobe btrfs
[ -e /sys/fs/btrfs/features/zoned ] || skip "this kernel's btrfs knows no zones"
null_disk append size=256 zoned=1 zone_size=4 zone_nr_conv=0 memory_backed=1

# 40 zones of 8192 sectors, from the tenth; then the first eight.
create append "0 327680 linear $NULL 81920
327680 65536 linear $NULL 0" || exit 1
device=/dev/mapper/$P-append
attribute append queue/zone_append_max_bytes || exit 1
check "a linear device on a zoned disk accepts zone appends" [ "$VALUE" -gt 0 ]
check "a zoned file system can be made on the device" \
	mkfs.btrfs -q -f -O zoned -d single -m single "$device"
dir=$(mktemp -d)
defer rmdir "$dir"
check "the zoned file system can be mounted" mount "$device" "$dir"
defer eval "! mountpoint -q $dir || umount $dir"
sectors 0 10240 >"$dir/file" || exit 1
check "the zoned file system can be written to" sync -f "$dir/file"
umount "$dir" && mount "$device" "$dir" || exit 1
check "the file has its contents after a remount" cmp "$dir/file" <(sectors 0 10240)
check "btrfs scrub finds no wrong checksum" btrfs scrub start -B "$dir"
umount "$dir" || exit 1

# written: sets ABOVE and BELOW to where the device and its disk have been written to,
# as the disk's zones say, as arguments of sectors; fails where no table goes.
written() {
	local line start length above
	local zone='start: (0x[0-9a-f]+),.* wptr (0x[0-9a-f]+|N/A) .*zcond:[^(]*\((..)'
	ABOVE=() BELOW=()
	blkzone report "$NULL" >"$OUTPUT.zones" || return
	while read -r line; do
		[[ $line =~ $zone ]] || { echo "what is: $line"; return 1; }
		start=$((BASH_REMATCH[1]))
		case ${BASH_REMATCH[3]} in
		em) continue ;;
		# It has no pointer.
		fu) length=8192 ;;
		*) length=$((BASH_REMATCH[2])) ;;
		esac
		if [ "$start" -lt 65536 ]; then
			above=$((start + 327680))
		elif [ "$start" -ge 81920 ] && [ "$start" -lt 409600 ]; then
			above=$((start - 81920))
		else
			echo "this is below no device: $line"
			return 1
		fi
		ABOVE+=("$above" "$length")
		BELOW+=("$start" "$length")
	done <"$OUTPUT.zones"
	# More than one zone has the file's data alone.
	[ ${#BELOW[@]} -gt 4 ]
}
defer rm -f "$OUTPUT.zones"
same_data() {
	written && cmp <(sectors -r "$device" "${ABOVE[@]}") <(sectors -r "$NULL" "${BELOW[@]}")
}
check "the disk has the data of the device where the table says" same_data
finish
