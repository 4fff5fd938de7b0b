#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The scope can be chosen at any time, and leaves no trace when it is narrowed.
. "$(dirname "$0")/lib.sh"

plan 25
ramdisks 1 4
without_udev
striped() {
	reload a "0 2048 striped 1 8 /dev/mapper/$P-b 0" && dmsetup clear "$P-a"
}
diverted() {
	cat /sys/kernel/debug/tracing/enabled_functions 2>/dev/null ||
		cat /sys/kernel/tracing/enabled_functions
}
ftrace() {
	echo "$1" >/proc/sys/kernel/ftrace_enabled
}
mount_tracefs

same "the default is linear" linear "$(counter scope)"
for value in "" some lin 1 "all linear"; do
	check "'$value' is no scope" fails set_to scope "$value"
done
same "and changes nothing" linear "$(counter scope)"

create a "0 2048 linear /dev/ram0 0"
create b "0 2048 linear /dev/mapper/$P-a 0"
check "nothing is diverted" [ -z "$(diverted | grep -E 'bd_link_disk|dm_get_dev')" ]
check "a striped table closes a loop" striped
check "scope=all" set_to scope all
same "says so" all "$(counter scope)"
same "two functions are diverted" 2 \
	"$(diverted | grep -cE '^(bd_link_disk_holder|dm_get_device) .*I')"
check "once more changes nothing" set_to scope all
refused "a striped table closes no loop" "$ELOOP" "refusing $P-a" striped
check "a stock table of a good kind is accepted" \
	swap b "0 2048 striped 1 8 /dev/mapper/$P-a 0"
check "and gone" swap b "0 2048 linear /dev/mapper/$P-a 0"
check "scope=linear" set_to scope linear
check "nothing is diverted" [ -z "$(diverted | grep -E 'bd_link_disk|dm_get_dev')" ]
check "a striped table closes a loop" striped

# Where the functions cannot be diverted, nothing else changes.
if [ -w /proc/sys/kernel/ftrace_enabled ]; then
	defer ftrace 1
	ftrace 0
	refused "without ftrace there is no scope=all" "Device or resource busy" \
		"scope=all: ftrace is off" \
		bash -c "echo all >$PARAMS/scope"
	same "but linear" linear "$(counter scope)"
	refused "which works" "$ELOOP" "Device closes a loop" \
		reload a "0 2048 linear /dev/mapper/$P-b 0"
	ftrace 1
else
	for _ in 1 2 3; do
		ktap_test_skip "this kernel's ftrace cannot be switched off"
	done
fi

# Many times, while loads go through it.
loads() {
	local i
	for ((i = 0; i < 60; i++)); do
		reload b "0 2048 striped 1 8 /dev/mapper/$P-a 0" || return
	done
}
loads >/dev/null 2>&1 &
pid=$!
for _ in 1 2 3 4 5 6 7 8; do
	set_to scope all && set_to scope linear
done
check "it changes under loads" wait "$pid"
dmsetup clear "$P-b"
set_to scope all
check "while it diverts, ftrace stays on" fails ftrace 0
check "and off again" set_to scope linear
finish
