#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A full table of files, or a control group without memory, holds up no device.
# shellcheck source=tests/holds.sh
. "$(dirname "$0")/holds.sh"

plan 14
require setpriv
ramdisks 3 32
make_group memory
make_stacks
# What is read from the third RAM disk is more than the group may have.
echo 16M >"$GROUP/memory.max" || exit 1
file_max=$(</proc/sys/fs/file-max)
defer eval "echo $file_max >/proc/sys/fs/file-max"

nobody_opens() {
	setpriv --reuid=65534 --regid=65534 --clear-groups cat /proc/version
}
# The C library's loader has no words for the error, but its number.
no_file_is_left() {
	says "Too many open files in system" nobody_opens || says "Error 23" nobody_opens
}

# in_full_group STACK: what is done with it is done in the group, which has no memory left.
in_full_group() {
	local pid stack
	read -ra stack <<<"${STACK[$1]}"
	in_group "$HERE/cycle" -f /dev/ram2 "${stack[@]}" >"$DIR/steps" 2>&1 &
	pid=$!
	has_gone_on
}
# limit_hits: how often the group has wanted more than it may have.
limit_hits() {
	local key number
	while read -r key number; do
		[ "$key" != max ] || echo "$number"
	done <"$GROUP/memory.events"
}

for scope in linear all; do
	set_to scope "$scope" || exit 1
	check "a user can open a file before the table is full, scope=$scope" nobody_opens
	echo 0 >/proc/sys/fs/file-max
	check "no user can open a file in the full table, scope=$scope" no_file_is_left
	check "stock devices go on while the table of files is full, scope=$scope" goes_on stock
	check "guarded devices go on while the table of files is full, scope=$scope" \
		goes_on guarded
	echo "$file_max" >/proc/sys/fs/file-max

	check "stock devices go on in a group without memory, scope=$scope" in_full_group stock
	before=$(limit_hits)
	check "guarded devices go on in a group without memory, scope=$scope" \
		in_full_group guarded
	check "the group has met its limit on the way, scope=$scope" \
		[ "$(limit_hits)" -gt "$before" ]
done
finish
