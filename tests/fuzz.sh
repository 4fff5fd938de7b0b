#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Thousands of random operations go as a model of both slots says they must.
# FUZZ_SEED repeats a run, FUZZ_OPERATIONS makes it longer.
. "$(dirname "$0")/lib.sh"

fuzz=$(dirname "$0")/fuzz
seed=${FUZZ_SEED:-$RANDOM}
operations=${FUZZ_OPERATIONS:-500}

plan 4
[ -x "$fuzz" ] || skip "fuzz is not built"
ramdisks 2 4
without_udev
for module in dm-snapshot dm-crypt dm-zero crypto_null ecb; do
	modprobe -q "$module"
done
hurry

run() {
	set_to scope "$1"
	set_to max_depth "$2"
	"$fuzz" -s "$seed" -n "$operations" -d "$3" "$P-$1$3" && return
	dmesg | tail -n 5
	return 1
}

for scope in linear all; do
	check "$scope: few devices, seed $seed" run "$scope" 32 4
	sed 's/^#//' "$OUTPUT" | sed 's/^/#/'
	check "$scope: many devices, seed $seed" run "$scope" 5 16
	sed 's/^#//' "$OUTPUT" | sed 's/^/#/'
done
finish
