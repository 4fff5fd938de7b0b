#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Malformed tables and ioctls change nothing.
# HOSTILE_SEED repeats a run, HOSTILE_LINES makes it longer.
. "$(dirname "$0")/lib.sh"

hostile=$(dirname "$0")/hostile
seed=${HOSTILE_SEED:-$RANDOM}

plan 2
built hostile
ramdisks 1 4
create a "0 2048 linear /dev/ram0 0"
create b "0 2048 linear /dev/mapper/$P-a 0"
# Each unknown target would start a modprobe, which takes more time than all the rest.
defer eval "echo $(</proc/sys/kernel/modprobe) >/proc/sys/kernel/modprobe"
echo >/proc/sys/kernel/modprobe
for scope in linear all; do
	set_to scope "$scope"
	check "malformed tables and ioctls change nothing with scope=$scope, seed $seed" \
		"$hostile" -s "$seed" -n "${HOSTILE_LINES:-4000}" "$P-a" "$P-b"
	sed 's/^#* */# /' "$OUTPUT"
done
finish
