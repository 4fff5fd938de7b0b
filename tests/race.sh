#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Of loads that would close a loop together, at least one is refused.
# RACE_ROUNDS and RACE_SECONDS make it longer.
. "$(dirname "$0")/lib.sh"

race=$(dirname "$0")/race

plan 2
[ -x "$race" ] || skip "race is not built"
ramdisks 1 4
without_udev
hurry
for scope in linear all; do
	set_to scope "$scope"
	check "scope=$scope" "$race" -n "${RACE_ROUNDS:-30}" \
		-t "${RACE_SECONDS:-4}" "$P-$scope"
	sed 's/^#* */# /' "$OUTPUT"
done
finish
