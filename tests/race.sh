#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Of loads that would close a loop together, at least one is refused.  RACE_ROUNDS,
# RACE_LOOKS and RACE_OPERATIONS make it longer; race.c says what they count.
. "$(dirname "$0")/lib.sh"

race=$(dirname "$0")/race

plan 2
built race
ramdisks 1 4
hurry
no_modprobe
# With IMA, 6.12's dm frees what it has measured twice if a device is loaded and resumed at
# once, whatever the target.
alone=()
! grep -q ' dm_ima_measure_on_table_load\>' /proc/kallsyms || alone=(-a)
for scope in linear all; do
	set_to scope "$scope" || exit 1
	check "loads that race close no loop with scope=$scope" "$race" \
		"${alone[@]}" -n "${RACE_ROUNDS:-30}" -l "${RACE_LOOKS:-100}" \
		-o "${RACE_OPERATIONS:-100}" "$P-$scope"
	sed 's/^#* */# /' "$OUTPUT"
done
finish
