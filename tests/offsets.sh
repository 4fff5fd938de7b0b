#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Each sector lies where the table says, with 1, 2 and 1,000 segments.
. "$(dirname "$0")/lib.sh"

plan 17
ramdisks 1 4
size=8192
defer rm -f "$OUTPUT.follow"

# shuffled SEGMENTS: a table over the whole disk, its parts in a random order.
shuffled() {
	awk -v n="$1" -v size="$size" 'BEGIN {
		srand(n)
		at = 0
		for (i = 0; i < n; i++) {
			len[i] = int(size / n) - int(rand() * 4)
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

# follow TABLE: sets EXPECTED to what a device with that table reads, by arithmetic
# alone, as arguments of sectors; and what becomes of it when the first and the last
# sector of up to 8 segments, the outermost included, are written to: sector N of the
# device becomes 1000000 + N, in NEW, and in BELOW as the disk has it, where OLD is what
# was there.
follow() {
	printf '%s\n' "$1" | awk '
		function edge(at, on_disk) {
			above = above " " at "=" (1000000 + at)
			disk = disk " " on_disk "=" (1000000 + at)
			old = old " " on_disk "=" on_disk
		}
		{ start[NR] = $1; len[NR] = $2; first[NR] = $5 }
		END {
			for (i = 1; i <= NR; i++) {
				printf "%d %d ", first[i], len[i]
				if (i > 4 && i <= NR - 4)
					continue
				edge(start[i], first[i])
				edge(start[i] + len[i] - 1, first[i] + len[i] - 1)
			}
			print "\n" above "\n" disk "\n" old
		}' >"$OUTPUT.follow"
	{ read -ra EXPECTED; read -ra NEW; read -ra BELOW; read -ra OLD; } <"$OUTPUT.follow"
}

# verify NAME SEGMENTS TABLE: reads, then writes to the edges of segments.
verify() {
	local name=$1 segments=$2 table=$3 device=/dev/mapper/$P-$1
	follow "$table"
	check "a device of $segments is created" create "$name" "$table"
	check "each sector of the device of $segments reads as the table says" \
		cmp "$device" <(sectors "${EXPECTED[@]}")
	check "the edges of $segments can be written to" sectors -w "$device" "${NEW[@]}"
	check "writes to the edges of $segments change those sectors and no others" \
		cmp <(dd if=/dev/ram0 bs=1M iflag=direct status=none) \
			<(sectors "${BELOW[@]}" 0 "$size")
	same "the table of $segments is reported as it was loaded" \
		"${table//\/dev\/ram0/1:0}" "$(dmsetup table "$P-$name")"
	# Past the page cache, too.
	sectors -w /dev/ram0 "${OLD[@]}" || exit 1
}

# Written when it is closed, as nobody else has it open.
sectors 0 "$size" >/dev/ram0 || exit 1
verify one "1 segment" "0 1000 linear /dev/ram0 77"
verify two "2 segments" "$(shuffled 2)"
verify thousand "1,000 segments" "$(shuffled 1000)"

create top "0 501 linear /dev/mapper/$P-one 499" || exit 1
check "a device stacked on a part of another reads at the sum of both offsets" \
	cmp "/dev/mapper/$P-top" <(sectors $((77 + 499)) 501)
check "the last sector of the upper device reads at the sum of both offsets" cmp \
	<(dd if="/dev/mapper/$P-top" skip=500 iflag=direct status=none) \
	<(sectors $((77 + 999)) 1)
finish
