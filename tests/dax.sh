#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# DAX file systems work on segments of persistent memory, wherever these lie.
. "$(dirname "$0")/lib.sh"

plan 38
require filefrag mkfs.ext4 mkfs.xfs sfdisk
pmem_disk 352
ramdisks 1 4
hurry

# 304 MiB, as one segment, and as 152, of 2 MiB each, the last one first: a larger file
# cannot but cross from one to another.
one="0 622592 linear $PMEM 65536"
many=
for ((i = 0; i < 152; i++)); do
	many+="$((i * 4096)) 4096 linear $PMEM $((65536 + (151 - i) * 4096))"$'\n'
done
create one "$one"
create many "${many%$'\n'}"
# Unmounted before they are removed.
dir=$(mktemp -d)
defer rmdir "$dir"
defer eval "! mountpoint -q $dir || umount $dir"

# Where the segments of a device begin in the memory.
declare -A FIRST=([one]=65536 [many]=65536 [part]=24576)

# find_places NAME FILE: sets PLACES to where that device's file lies in the memory below,
# as arguments of sectors.
find_places() {
	local line at left first count
	local extent='^[0-9]+: +[0-9]+\.\. *[0-9]+: +([0-9]+)\.\. *[0-9]+: +([0-9]+):'
	PLACES=()
	filefrag -s -v -b512 "$2" >"$OUTPUT.extents" || return
	while read -r line; do
		[[ $line =~ $extent ]] || continue
		at=${BASH_REMATCH[1]} left=${BASH_REMATCH[2]}
		while [ "$left" -gt 0 ]; do
			first=$((FIRST[$1] + at)) count=$left
			if [ "$1" = many ]; then
				first=$((FIRST[$1] + (151 - at / 4096) * 4096 + at % 4096))
				count=$((4096 - at % 4096))
				[ "$count" -le "$left" ] || count=$left
			fi
			PLACES+=("$first" "$count")
			at=$((at + count)) left=$((left - count))
		done
	done <"$OUTPUT.extents"
}
defer rm -f "$OUTPUT.extents"

# holds NAME: the memory has the file's data there, in more than one segment.
holds() {
	[ "$1" != many ] || [ ${#PLACES[@]} -gt 2 ] || return
	cmp <(sectors -r "$PMEM" "${PLACES[@]}") <(sectors 0 6144)
}

keeps_mapped() {
	sectors -m "$1" 2048 && cmp "$1" <(sectors 0 2048)
}

# exercise NAME MKFS...: make a DAX file system, and use its files in every way.
exercise() {
	local device=/dev/mapper/$P-$1 type=${2#mkfs.} what
	what="$type on device $1"
	check "$what is made" "${@:2}" "$device"
	check "$what is mounted with DAX" mount -t "$type" -o dax=always "$device" "$dir"
	sectors 0 6144 >"$dir/written"
	check "$what reads back what is written" cmp "$dir/written" <(sectors 0 6144)
	check "$what keeps what is written to mapped memory" keeps_mapped "$dir/mapped"
	fallocate -p -o 1000 -l 100000 "$dir/mapped"
	check "$what reads zeroes from a hole, to the byte" cmp -n 100000 -i 1000:0 \
		"$dir/mapped" /dev/zero
	find_places "$1" "$dir/written" || exit 1
	umount "$dir"
	check "$what has its data in the memory below" holds "$1"
	mount -t "$type" "$device" "$dir"
	check "$what reads the same through the page cache" \
		cmp "$dir/written" <(sectors 0 6144)
	umount "$dir"
}

can_do_dax() {
	attribute "$1" queue/dax
	same "device $1 can do DAX" 1 "$VALUE"
}

can_do_dax one
can_do_dax many
# Few inodes and a small journal, which would only have to be zeroed.
exercise one mkfs.ext4 -q -F -b 4096 -N 64 -J size=4
exercise many mkfs.ext4 -q -F -b 4096 -N 64 -J size=4
# Without reflinks, which older kernels do not have together with DAX.
exercise many mkfs.xfs -q -f -m reflink=0 -d agcount=2

# What leads into a partition lies behind the start of that, too.
in_partition() {
	partition "$PMEM" 16384,524288,83 && wait_for [ -b "${PMEM}p1" ] &&
		create part "0 262144 linear ${PMEM}p1 8192"
}
remove "$P-one" "$P-many" || exit 1
defer eval "partition $PMEM 'label: dos' && dd if=/dev/zero of=$PMEM bs=4k count=1 status=none"
check "a device is made on a part of a partition of the memory" in_partition
can_do_dax part
exercise part mkfs.ext4 -q -F -b 4096 -N 64 -J size=4
remove "$P-part" || exit 1

# A call for the memory goes from device to device.  A table of another target closes a loop.
needs "writecache target" modprobe dm-writecache
low="0 8192 linear $PMEM 65536" top=/dev/mapper/$P-top
create low "$low" && create top "0 8192 linear /dev/mapper/$P-low 0" || exit 1
dd if=/dev/zero of="$top" bs=4k count=1 oflag=direct status=none
cache="0 2048 writecache p /dev/ram0 $top 4096 0"
check "a cache in memory is made on two devices" create cache "$cache"
check "the cache is removed" remove "$P-cache"
set_to scope linear
check "a striped table of the lower one that closes a loop can be made live" \
	swap low "0 8192 striped 1 8 $top 0"
before=$(counter recursions_ended)
check "a cache in memory is not made in a loop" fails create cache "$cache"
check "the call for the memory is counted in recursions_ended" \
	[ "$(counter recursions_ended)" -gt "$before" ]
check "a table of the lower one onto the memory opens the loop" swap low "$low"
finish
