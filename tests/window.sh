#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# At no moment is the name "linear" missing, whoever comes or goes.
. "$(dirname "$0")/lib.sh"

plan 4
[ "$USERS" = 0 ] || skip "the module is in use"
ramdisks 1 4
create dev "0 8 linear /dev/ram0 0"
stop=$(mktemp -u)
defer rm -f "$stop"
loads=$(mktemp)
defer rm "$loads"
defer eval "[ -e $PARAMS ] || load_module"

# load_tables: fails at the first load that fails; writes a line for each other.
load_tables() {
	until [ -e "$stop" ]; do
		reload dev "0 8 linear /dev/ram0 8" || return
		dmsetup clear "$P-dev" || return
		echo >>"$loads"
	done
}
count() {
	wc -l <"$loads"
}
# The live table is stock's, so that only loads keep the module in use.
takeover 0
swap dev "0 8 linear /dev/ram0 0"
takeover 1
load_tables &
loader=$!
defer eval "touch $stop; wait $loader"

for ((i = 0; i < 100; i++)); do
	takeover $((i % 2))
done
# It goes between two loads only; and with the scope that takes longer to end.
turns=0 patience=90
# Where a load takes a second there are few such moments.
[ ! -e /proc/lockdep ] || patience=900
set_to scope all
while [ "$turns" -lt 5 ] && [ "$SECONDS" -lt "$patience" ]; do
	if rmmod "$MODULE" 2>/dev/null; then
		turns=$((turns + 1))
		load_module
		[ $((turns % 2)) = 1 ] || set_to scope all
	fi
done
while [ "$(count)" -le 5 ] && [ "$SECONDS" -lt "$patience" ]; do
	sleep 0.1
done
touch "$stop"
check "no load failed" wait "$loader"
check "there were loads: $(count)" test "$(count)" -gt 5
check "the module came and went: $turns times" test "$turns" = 5
same "it is there in the end" Y "$(cat "$PARAMS/takeover")"
finish
