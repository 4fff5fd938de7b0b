#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Each sector is found where the table says, over 1, 2 and 1,000 segments.
. "$(dirname "$0")/lib.sh"

plan 14
ramdisks 1 8
size=16384

# expect TABLE: what a device with that table reads, by arithmetic alone.
expect() {
	echo "$1" | awk '{
		for (i = $5; i < $5 + $2; i++)
			printf "%-511d\n", i
	}'
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

# verify NAME TABLE: reads, then writes to the edges of segments.
verify() {
	local name=$1 table=$2 device=/dev/mapper/$P-$1 edge
	sectors 0 "$size" >/dev/ram0
	sync
	check "$name: created" create "$name" "$table"
	check "$name: each sector reads as the table says" \
		cmp "$device" <(expect "$table")

	# First and last sector of up to 8 segments, the outermost included:
	# sector N of the device becomes 1000000 + N.
	for edge in $(edges "$table" | cut -d' ' -f1); do
		sectors $((1000000 + edge)) 1 |
			dd of="$device" seek="$edge" oflag=direct status=none
	done
	check "$name: writes to the edges land there and nowhere else" \
		cmp <(dd if=/dev/ram0 bs=1M iflag=direct status=none) <(edges "$table" | awk -v size="$size" '
			{ now[$2] = 1000000 + $1 }
			END {
				for (i = 0; i < size; i++)
					printf "%-511d\n", i in now ? now[i] : i
			}')
	same "$name: table in, table out" "${table//\/dev\/ram0/1:0}" \
		"$(dmsetup table "$P-$name")"
}

# edges TABLE: pairs of a sector of the device and the one below it.
edges() {
	{ echo "$1" | head -n 4; echo "$1" | tail -n 4; } | sort -nu |
		awk '{ print $1, $5; print $1 + $2 - 1, $5 + $2 - 1 }'
}

verify one "0 1000 linear /dev/ram0 77"
verify two "$(shuffled 2)"
verify thousand "$(shuffled 1000)"

create top "0 501 linear /dev/mapper/$P-one 499"
sectors 0 "$size" >/dev/ram0
sync
check "a segment of a segment adds up" \
	cmp "/dev/mapper/$P-top" <(sectors $((77 + 499)) 501)
check "and shows the same as its last sector" cmp \
	<(dd if="/dev/mapper/$P-top" skip=500 iflag=direct status=none) \
	<(sectors $((77 + 999)) 1)
finish
