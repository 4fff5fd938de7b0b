#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A program that is asked whether files may be opened, and forbids it, holds up no device.
# shellcheck source=tests/holds.sh
. "$(dirname "$0")/holds.sh"

plan 18
built forbid
ramdisks 2 4
make_stacks
file=/sys/kernel/uevent_seqnum

# look: another program of the name that is held up opens a file in sysfs.
ln -s "$(command -v cat)" "$DIR/cycle" || exit 1
look() {
	"$DIR/cycle" "$file"
}
# waits_for_answer: it does so for an answer that does not come.
waits_for_answer() {
	"$DIR/cycle" "$file" >"$DIR/looked" 2>&1 &
	LOOKER=$!
	wait_for has_said asked
}
still_waits() {
	[ -e "/proc/$LOOKER" ] && let_go && wait "$LOOKER"
}

for scope in linear all; do
	set_to scope "$scope" || exit 1
	check "a file in sysfs can be opened while nobody is asked, scope=$scope" look

	check "fanotify can ask about opens in sysfs, scope=$scope" \
		begin asks "$HERE/forbid" cycle
	check "the open of a file in sysfs waits for an answer, scope=$scope" waits_for_answer
	check "stock devices go on while opens in sysfs are not answered, scope=$scope" \
		goes_on stock
	check "guarded devices go on while opens in sysfs are not answered, scope=$scope" \
		goes_on guarded
	check "the open of the file waits until nobody is asked, scope=$scope" still_waits

	begin asks "$HERE/forbid" -d cycle || exit 1
	check "the open of a file in sysfs is denied, scope=$scope" \
		says "Operation not permitted" look
	check "stock devices go on while opens in sysfs are denied, scope=$scope" goes_on stock
	check "guarded devices go on while opens in sysfs are denied, scope=$scope" \
		goes_on guarded
	let_go || exit 1
done
finish
