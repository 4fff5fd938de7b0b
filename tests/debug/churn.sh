#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The module comes and goes, and its parameters change, under loads, I/O and a tracer.
# CHURN_ROUNDS (5): how often it is unloaded; its parameters change 252 times each.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

rounds=${CHURN_ROUNDS:-5}
trace=/sys/kernel/tracing
plan 6
require fio
[ "$USERS" = 0 ] || skip "the module is in use"
ramdisks 2 32
hurry
DIR=$(mktemp -d /dev/shm/XXXXXX)
defer rm -r "$DIR"
mount_tracefs || exit 1

# I/O through the stock target does not end when the module goes.
rmmod "$MODULE" && create io "0 32768 linear /dev/ram0 0" || exit 1
start_io "/dev/mapper/$P-io" 8M

# Loads by whichever target is named linear at the moment; no table becomes live.
create a "0 2048 linear /dev/ram1 0" && create b "0 2048 linear /dev/mapper/$P-a 0" || exit 1
load_twice() {
	reload b "0 2048 linear /dev/mapper/$P-a 8" && dmsetup clear "$P-b" &&
		reload b "0 2048 striped 1 8 /dev/mapper/$P-a 0" && dmsetup clear "$P-b"
}
loads() {
	until [ -e "$DIR/stop" ]; do
		load_twice || { touch "$DIR/stop"; return 1; }
		printf . >>"$DIR/loads"
	done
}
: >"$DIR/loads"
loads >"$DIR/output" 2>&1 &
pid=$!

load_rounds() {
	local rounds
	rounds=$(<"$DIR/loads")
	echo ${#rounds}
}
# more_loads: wait for another round of them; without it, there has been a failure.
more_loads() {
	wait_for eval "[ \$(load_rounds) -gt $(load_rounds) ] || [ -e $DIR/stop ]"
	[ ! -e "$DIR/stop" ]
}
stop_loads() {
	touch "$DIR/stop"
	wait "$pid" || { cat "$DIR/output"; return 1; }
}
defer stop_loads

has_done_io() {
	[ "$(io_rounds)" -gt 0 ]
}
io_ends_well() {
	wait_for has_done_io && finish_io && return
	cat "$IO/output"
	return 1
}

traced() {
	if [ "$1" = 1 ]; then
		echo 'bd_link_disk_holder dm_get_device' >$trace/set_ftrace_filter &&
			echo function >$trace/current_tracer
	else
		echo nop >$trace/current_tracer && echo >$trace/set_ftrace_filter
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

# unload: the module is unloaded, as soon as no load has it for a moment.
unload() {
	local said
	until said=$(rmmod "$MODULE" 2>&1); do
		[[ ! -e $DIR/stop && $said =~ is\ in\ use|Resource\ temporarily\ unavailable ]] ||
			{ echo "$said"; return 1; }
	done
}

come_and_go() {
	local i j scopes=(all linear linear)
	for ((i = 0; i < rounds; i++)); do
		traced $((i % 2)) && load_module || return
		for j in 1 2 3; do
			traced $(((i + j) % 2)) && argue || return
		done
		more_loads && set_to scope "${scopes[i % 3]}" && takeover 0 && unload || return
	done
}
check "the module is unloaded and loaded $rounds times under loads and I/O" come_and_go
check "no load fails while the module comes and goes" stop_loads
check "no I/O fails while the module comes and goes" io_ends_well
echo "# $changes changes, $(load_rounds) times two loads, $(io_rounds) rounds of I/O"
[ -e "$PARAMS" ] || load_module || exit 1
check "the module has no user once it is loaded again" [ "$(users)" = 0 ]
refused "reload of b onto itself is refused with EINVAL after the churn" "$EINVAL" \
	"Device maps onto itself" reload b "0 2048 linear /dev/mapper/$P-b 0"
check_leaks
finish
