#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Each sector lies where the table says, with 1, 2 and 1,000 segments.
. "$(dirname "$0")/lib.sh"

plan 14
ramdisks 1 8
size=16384

# expect TABLE: what a device with that table reads, by arithmetic alone.
expect() {
	local length first pairs=()
	while read -r _ length _ _ first; do
		pairs+=("$first" "$length")
	done <<<"$1"
	sectors "${pairs[@]}"
}

# shuffled SEGMENTS: a table over the whole disk, its parts in a random order.
shuffled() {
	awk -v n="$1" -v size="$size" 'BEGIN {
		srand(n)
		at = 0
		for (i = 0; i < n; i++) {
			len[i] = int(size / n) - int(rand() * 8)
			if (i == n - 1)
				len[i] = size - at
			start[i] = at
			at += len[i]
			order[i] = i
		}
		for (i = n - 1; i > 0; i--) {
			j = int(rand() * (i + 1))
			t = order[i]; order[i] = order[j]; order[j] = t
		}
		at = 0
		for (i = 0; i < n; i++) {
			k = order[i]
			print at, len[k], "linear /dev/ram0", start[k]
			at += len[k]
		}
	}'
}

# verify NAME SEGMENTS TABLE: reads, then writes to the edges of segments.
verify() {
	local name=$1 segments=$2 table=$3 device=/dev/mapper/$P-$1 edge sector now=()
	sectors 0 "$size" >/dev/ram0
	sync
	check "a device of $segments is created" create "$name" "$table"
	check "each sector of the device of $segments reads as the table says" \
		cmp "$device" <(expect "$table")

	# Sector N of the device becomes 1000000 + N.
	while read -r edge sector; do
		now+=("$sector=$((1000000 + edge))")
		sectors $((1000000 + edge)) 1 |
			dd of="$device" seek="$edge" oflag=direct status=none
	done < <(edges "$table")
	check "writes to the edges of $segments change those sectors and no others" \
		cmp <(dd if=/dev/ram0 bs=1M iflag=direct status=none) \
			<(sectors "${now[@]}" 0 "$size")
	same "the table of $segments is reported as it was loaded" \
		"${table//\/dev\/ram0/1:0}" "$(dmsetup table "$P-$name")"
}

# edges TABLE: the first and the last sector of up to 8 segments, the outermost
# included, as pairs of the sector of the device and that of the disk.
edges() {
	local lines i start length first
	mapfile -t lines <<<"$1"
	for i in "${!lines[@]}"; do
		[ "$i" -lt 4 ] || [ "$i" -ge $((${#lines[@]} - 4)) ] || continue
		read -r start length _ _ first <<<"${lines[i]}"
		echo "$start $first"
		echo "$((start + length - 1)) $((first + length - 1))"
	done
}

verify one "1 segment" "0 1000 linear /dev/ram0 77"
verify two "2 segments" "$(shuffled 2)"
verify thousand "1,000 segments" "$(shuffled 1000)"

create top "0 501 linear /dev/mapper/$P-one 499" || exit 1
sectors 0 "$size" >/dev/ram0
sync
check "a device stacked on a part of another reads at the sum of both offsets" \
	cmp "/dev/mapper/$P-top" <(sectors $((77 + 499)) 501)
check "the last sector of the upper device reads at the sum of both offsets" cmp \
	<(dd if="/dev/mapper/$P-top" skip=500 iflag=direct status=none) \
	<(sectors $((77 + 999)) 1)
finish
