#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The operator's command predicts what becomes of random tables, each of which is loaded.
# FUZZ_SEED repeats a run, FUZZ_OPERATIONS makes it longer.
. "$(dirname "$0")/lib.sh"

command=${DM_LINEAR_GUARD_COMMAND:-dm-linear-guard}
fuzz=$(dirname "$0")/fuzz
seed=${FUZZ_SEED:-$RANDOM}
operations=${FUZZ_OPERATIONS:-200}

plan 4
require "$command"
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
	set_to scope "$1" && set_to max_depth "$2" &&
		"$fuzz" -c "$command" -s "$seed" -n "$operations" -d "$3" "$P-$1$3"
}

# Each load of these runs is one of the operations, more or less half of them are.
for scope in linear all; do
	check "check predicts loads for 4 devices, scope=$scope, seed $seed" \
		run "$scope" 32 4
	sed 's/^#\?/#/' "$OUTPUT"
	check "check predicts loads for 16 devices, scope=$scope, seed $seed" \
		run "$scope" 5 16
	sed 's/^#\?/#/' "$OUTPUT"
done
finish
