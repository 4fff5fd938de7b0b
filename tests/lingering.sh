#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A user who watches or reads sysfs, and is stopped there, holds up no device.
# shellcheck source=tests/holds.sh
. "$(dirname "$0")/holds.sh"

plan 18
built linger
ramdisks 2 4
make_group
make_stacks

is_frozen() {
	[[ $(<"$GROUP/cgroup.events") == *"frozen 1"* ]]
}
# is_stopped PID: by who traces it.
is_stopped() {
	[[ $(<"/proc/$1/stat") == *") t "* ]]
}

for scope in linear all; do
	set_to scope "$scope" || exit 1
	find_stacks
	devices=("${DEVICES[@]}" "${TOPS[@]}")
	paths=("${devices[@]/%//dev}" "${devices[@]/%//size}" "${devices[@]/%//dm/name}"
		/sys/block /sys/class/block /sys/devices/virtual/block
		"${devices[@]}" "${devices[@]/%//holders}" "${devices[@]/%//slaves}")
	during="while users linger in sysfs, scope=$scope"
	check "a user has attributes and directories open, scope=$scope" \
		begin lingers "$HERE/linger" "${paths[@]}"
	check "a user is to be frozen in the middle of directories, scope=$scope" \
		begin lingers in_group "$HERE/linger" "${paths[@]}"
	freeze
	check "the user in the middle of directories is frozen, scope=$scope" wait_for is_frozen
	check "a user is stopped by ptrace as directories are read, scope=$scope" \
		begin lingers "$HERE/linger" -t "${paths[@]}"
	stopped=$(sed -n 's/ is stopped$//p' "$SAID")
	check "stock devices go on $during" goes_on stock
	check "guarded devices go on $during" goes_on guarded
	check "the frozen user is frozen until the end, scope=$scope" is_frozen
	check "the user stopped by ptrace is stopped until the end, scope=$scope" \
		is_stopped "$stopped"
	check "all users linger until they are ended, scope=$scope" let_go
done
finish
