#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The scope can be changed at any time, and divert=N diverts nothing.
. "$(dirname "$0")/lib.sh"

plan 39
ramdisks 1 4
striped() {
	reload a "0 2048 striped 1 8 /dev/mapper/$P-b 0" && dmsetup clear "$P-a"
}
# diverted: how many of the four functions are, by a change of the instruction pointer.
diverted() {
	grep -cE '^(bd_(un)?link_disk_holder|dm_(get|put)_device) .*I' \
		/sys/kernel/tracing/enabled_functions
}
ftrace() {
	echo "$1" >/proc/sys/kernel/ftrace_enabled
}
mount_tracefs || exit 1

same "the default scope is all" all "$(counter scope)"
for value in "" some lin 1 "all linear"; do
	check "the scope '$value' is refused with EINVAL" \
		says "$EINVAL" set_to scope "$value"
done
same "the scope is unchanged after the refusals" all "$(counter scope)"

create a "0 2048 linear /dev/ram0 0" || exit 1
create b "0 2048 linear /dev/mapper/$P-a 0" || exit 1
same "four functions are diverted by default" 4 "$(diverted)"
refused "a striped table that closes a loop is refused by default" "$ELOOP" \
	"refusing $P-a" striped
check "scope=linear is accepted" set_to scope linear
same "the parameter reads linear with scope=linear" linear "$(counter scope)"
same "four functions are diverted with scope=linear" 4 "$(diverted)"
check "a striped table that closes a loop is accepted with scope=linear" striped
check "scope=all is accepted" set_to scope all
check "divert=N is refused with EBUSY with scope=all" \
	says "Device or resource busy" set_to divert 0
same "four functions stay diverted after divert=N is refused" 4 "$(diverted)"
check "scope=all is accepted once more" set_to scope all
refused "a striped table that closes a loop is refused with scope=all" "$ELOOP" \
	"refusing $P-a" striped
check "a striped table that closes no loop is accepted with scope=all" \
	swap b "0 2048 striped 1 8 /dev/mapper/$P-a 0"
check "a linear table in place of a striped one is accepted with scope=all" \
	swap b "0 2048 linear /dev/mapper/$P-a 0"
check "scope=linear is accepted after scope=all" set_to scope linear
check "a striped table that closes a loop is accepted after scope=all" striped
check "divert=N is accepted with scope=linear" set_to divert 0
same "no function is diverted with divert=N" 0 "$(diverted)"
refused "a linear table that closes a loop is refused with divert=N" "$ELOOP" \
	"Device closes a loop" reload a "0 2048 linear /dev/mapper/$P-b 0"

# Where the functions cannot be diverted, nothing else changes.  From 7.3 on, ftrace
# cannot be switched off.
said=$(ftrace 0 2>&1)
if [[ $said == *"Operation not supported"* ]]; then
	skipped 3 "ftrace cannot be switched off: ${said##*: }"
else
	defer ftrace 1
	[ -z "$said" ] || echo "# $said"
	refused "scope=all is refused with EBUSY while ftrace is off" \
		"Device or resource busy" "scope=all: ftrace is off" \
		bash -c "echo all >$PARAMS/scope"
	same "the scope stays linear while ftrace is off" linear "$(counter scope)"
	refused "a linear table that closes a loop is refused while ftrace is off" "$ELOOP" \
		"Device closes a loop" reload a "0 2048 linear /dev/mapper/$P-b 0"
	ftrace 1
fi
set_to divert 1 || exit 1

# Tables are loaded, 20 or more, from before the first change until after the last.
dir=$(mktemp -d)
defer rm -r "$dir"
loads() {
	local i=0
	start_mapper
	until [ "$i" -ge 20 ] && [ -e "$dir/changed" ]; do
		# The test can be no more.
		[ -d "$dir" ] || return
		reload b "0 2048 striped 1 8 /dev/mapper/$P-a 0" || return
		i=$((i + 1))
		: >"$dir/loaded"
		pause 0.1
	done
}
change_under_loads() {
	local pid status=0
	loads &
	pid=$!
	wait_for [ -e "$dir/loaded" ] || status=1
	for _ in 1 2 3 4 5 6 7 8; do
		{ set_to scope all && set_to scope linear && set_to divert 0; } || status=1
	done
	: >"$dir/changed"
	wait "$pid" && return "$status"
}
check "tables are loaded while scope and divert are changed eight times" change_under_loads
dmsetup clear "$P-b"
set_to scope all || exit 1
check "ftrace cannot be switched off with scope=all" says \
	"@(Device or resource busy|Operation not supported)" ftrace 0
check "scope=linear is accepted at the end" set_to scope linear

# What the module is loaded with, and where.
remove_device "$P-b" && remove_device "$P-a" && rmmod "$MODULE" || exit 1
defer eval "[ -e $PARAMS ] || load_module"
# loads_with WHY ARGUMENT...: the module can be loaded, and the log says why not all are checked.
loads_with() {
	new_messages
	load_module "${@:2}" || return
	new_messages
	[[ $MESSAGES == *"linear-guard: only linear tables are checked: $1"* ]] && return
	echo "$MESSAGES"
	return 1
}
check "a value for last_refusal is refused when the module is loaded" \
	says "Operation not permitted" load_module last_refusal=none
check "a value for a counter is refused when the module is loaded" \
	says "Operation not permitted" load_module loops_refused=1
check "the module is loaded with divert=N, and says what is checked" \
	loads_with "divert=N" divert=N scope=all
same "the scope is linear after a load with divert=N" linear "$(counter scope)"
check "scope=all is accepted after a load with divert=N" set_to scope all
rmmod "$MODULE"
if [[ $said == *"Operation not supported"* ]]; then
	skipped 3 "ftrace cannot be switched off: ${said##*: }"
else
	ftrace 0
	check "the module is loaded while ftrace is off, and says what is checked" \
		loads_with "ftrace is off" scope=all
	same "the scope is linear after a load while ftrace is off" linear "$(counter scope)"
	same "divert reads N after a load while ftrace is off" N "$(counter divert)"
	ftrace 1
fi
finish
