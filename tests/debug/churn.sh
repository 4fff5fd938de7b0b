#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The module comes and goes, and changes its mind, under loads, I/O and a tracer.
# CHURN_ROUNDS (5): how often it is unloaded; it changes its mind 252 times each.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

rounds=${CHURN_ROUNDS:-5}
trace=/sys/kernel/tracing
plan 6
require fio
[ "$USERS" = 0 ] || skip "the module is in use"
ramdisks 2 32
without_udev
hurry
DIR=$(mktemp -d /dev/shm/XXXXXX)
defer rm -r "$DIR"
mount_tracefs

# What does not end when the module goes: I/O through the stock target.
rmmod "$MODULE"
create io "0 32768 linear /dev/ram0 0"
start_io "/dev/mapper/$P-io" 8M

# Loads by whoever serves the name at the moment, which come to nothing.
create a "0 2048 linear /dev/ram1 0"
create b "0 2048 linear /dev/mapper/$P-a 0"
loads() {
	local count=0
	until [ -e "$DIR/stop" ]; do
		reload b "0 2048 linear /dev/mapper/$P-a 8" && dmsetup clear "$P-b" || return
		reload b "0 2048 striped 1 8 /dev/mapper/$P-a 0" &&
			dmsetup clear "$P-b" || return
		count=$((count + 2))
		echo "$count" >"$DIR/loads"
	done
}
loads >"$DIR/output" 2>&1 &
pid=$!

traced() {
	if [ "$1" = 1 ]; then
		echo 'bd_link_disk_holder dm_get_device' >$trace/set_ftrace_filter &&
			echo function >$trace/current_tracer
	else
		echo nop >$trace/current_tracer
		echo >$trace/set_ftrace_filter
	fi
}
defer traced 0

change() {
	local i
	set_to scope "$1" || return
	for ((i = 0; i < 10; i++)); do
		takeover $((i % 2)) && set_to max_depth $((8 + i)) || return
	done
}
# Two at once do not agree, but neither is to fail.
changes=0
argue() {
	local pid
	{ change linear && change all; } &
	pid=$!
	change all && change linear && wait "$pid" && changes=$((changes + 84))
}

# A load that is on its way has the module for a moment.
gone() {
	rmmod "$MODULE" 2>/dev/null
}

come_and_go() {
	local i j
	for ((i = 0; i < rounds; i++)); do
		traced $((i % 2)) && load_module || return
		for j in 1 2 3; do
			traced $(((i + j) % 2)) && argue || return
		done
		set_to scope "$([ $((i % 3)) = 0 ] && echo all || echo linear)" &&
			takeover 0 && wait_for gone || return
	done
}
check "it comes and goes $rounds times" come_and_go
touch "$DIR/stop"
check "loads go on meanwhile" wait "$pid"
[ -s "$DIR/output" ] && sed 's/^/# /' "$DIR/output" | tail -n 3
echo "# $changes changes, $(cat "$DIR/loads") loads, $(io_rounds) rounds of I/O"
check "so does I/O" finish_io
load_module
check "the module is there" [ "$(users)" = 0 ]
refused "and refuses" "$EINVAL" "Device maps onto itself" \
	reload b "0 2048 linear /dev/mapper/$P-b 0"
check_leaks
finish
