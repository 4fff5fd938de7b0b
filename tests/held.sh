#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A user who holds the locks of directories in sysfs holds up no device.
# shellcheck source=tests/holds.sh
. "$(dirname "$0")/holds.sh"

plan 18
users_can_hold
ramdisks 2 4
make_group
make_stacks

for scope in linear all; do
	set_to scope "$scope" || exit 1
	find_stacks
	directories=(/sys/block /sys/class/block /sys/devices/virtual/block
		/sys/block/ram{0,1}/holders "${DEVICES[@]}" "${DEVICES[@]/%//slaves}"
		"${DEVICES[@]/%//holders}" "${TOPS[@]}" "${TOPS[@]/%//slaves}")
	during="while a user holds directories, scope=$scope"
	check "directories in sysfs can be held by a user, scope=$scope" \
		begin held in_group "$HERE/hold" "${directories[@]}"
	check "stock devices go on $during" goes_on stock
	check "guarded devices go on $during" goes_on guarded
	freeze
	check "guarded devices go on while a frozen user holds directories, scope=$scope" \
		goes_on guarded
	check "the directories are held until the user lets go, scope=$scope" let_go

	# From 7.2 on, nobody can make a link then, nor remove one, nor look up a path: what
	# runs until the user lets go may not, be it for its libraries.
	during="while a user holds entries, scope=$scope"
	check "a directory can be held by a user from its first entry on, scope=$scope" \
		begin held in_group "$HERE/hold" -k /sys/class/block "${DEVICES[@]/%//slaves}"
	check "stock devices are reloaded and resumed $during" goes_on stock -s
	check "guarded devices are reloaded and resumed $during" goes_on guarded -s
	check "the directory is held from its first entry on until the user lets go, scope=$scope" let_go
	sed 's/^/# /' "$SAID"
done
finish
