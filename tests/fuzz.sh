#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Thousands of random operations end as a model of both slots predicts.
# FUZZ_SEED repeats a run, FUZZ_OPERATIONS makes it longer.
. "$(dirname "$0")/lib.sh"

fuzz=$(dirname "$0")/fuzz
seed=${FUZZ_SEED:-$RANDOM}
operations=${FUZZ_OPERATIONS:-500}

plan 4
built fuzz
ramdisks 2 4
needs "other targets" modprobe -a dm-snapshot dm-crypt dm-zero crypto_null ecb
# A crypt device has the kernel load whatever else it needs.
needs "cipher_null" dmsetup create "$P-crypt" \
	--table "0 8 crypt cipher_null-ecb - 0 /dev/ram0 0"
remove_device "$P-crypt"
no_modprobe
hurry

run() {
	set_to scope "$1"
	set_to max_depth "$2"
	"$fuzz" -s "$seed" -n "$operations" -d "$3" "$P-$1$3" && return
	dmesg | tail -n 5
	return 1
}

for scope in linear all; do
	check "operations on 4 devices end as predicted, scope=$scope, seed $seed" \
		run "$scope" 32 4
	sed 's/^#\?/#/' "$OUTPUT"
	check "operations on 16 devices end as predicted, scope=$scope, seed $seed" \
		run "$scope" 5 16
	sed 's/^#\?/#/' "$OUTPUT"
done
finish
