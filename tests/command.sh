#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The operator's command shows what is, foresees what would be, moves what lives.
. "$(dirname "$0")/lib.sh"

command=${DM_LINEAR_GUARD_COMMAND:-dm-linear-guard}
plan 53
require "$command" fio perl setpriv
[ "$USERS" = 0 ] || skip "the module is in use"
ramdisks 2 16
without_udev
A=/dev/mapper/$P-a B=/dev/mapper/$P-b

# says STATUS PATTERN ARGUMENT...: it ends in that status and prints that.
says() {
	local wanted=$1 pattern=$2 output status=0
	shift 2
	output=$("$command" "$@" 2>&1) || status=$?
	if [ "$status" = "$wanted" ] && grep -qE -- "$pattern" <<<"$output"; then
		return
	fi
	echo "exit status $status, wanted $wanted and $pattern"
	echo "$output"
	return 1
}

# served WHO DEVICE...
served() {
	local device who=$1
	shift
	for device; do
		[ "$(dmsetup status "$P-$device")" = "0 16384 linear $who" ] || return
	done
}

takeover 0
create a "0 16384 linear /dev/ram0 0"
create b "0 16384 linear $A 0"
takeover 1
create c "0 2048 linear $B 0"

check "status: what the module is set to" says 0 '^max_depth +32$' status
check "a device of the stock target" says 0 "^$P-a \(dm-.*linear +stock +1 +ram0" status
check "a guarded one" says 0 "^$P-c \(dm-.*linear +guard +3 +$P-b" status
check "the tree" says 0 "^\`-$P-b .*linear, stock" status --tree
json() {
	"$command" status --json | perl -MJSON::PP -0777 -ne '
		my $status = decode_json($_);
		my ($c) = grep { $_->{name} eq "'"$P"'-c" } @{$status->{devices}};
		exit !($status->{module}{loaded} && $status->{module}{max_depth} == 32 &&
			$c->{depth} == 3 && $c->{linear_served_by} eq "guard" &&
			$c->{stands_on}[0] eq "'"$P"'-b" && !@{$status->{loops}});'
}
check "all of it in JSON" json

# foresees ERROR TABLE: check and the module agree on a table for a.
foresees() {
	local status=0
	"$command" check "$P-a" "$2" >"$OUTPUT.check" 2>&1 || status=$?
	cat "$OUTPUT.check"
	if [ "$1" = fine ]; then
		[ "$status" = 0 ] && reload a "$2" && dmsetup clear "$P-a"
	else
		[ "$status" = 1 ] && grep -F "$1" "$OUTPUT.check" && fails reload a "$2"
	fi
}
defer rm -f "$OUTPUT.check" "$OUTPUT c"
ln -s "/dev/mapper/$P-c" "$OUTPUT c"
while IFS='|' read -r error table; do
	check "check: $error" foresees "$error" "$table"
done <<-EOF
	fine|0 2048 linear /dev/ram1 8
	Device maps onto itself (EINVAL)|0 2048 linear $A 0
	Device closes a loop (ELOOP)|0 2048 linear /dev/mapper/$P-c 0
	Invalid argument count (EINVAL)|0 2048 linear /dev/ram1
	Device sector is not a number (EINVAL)|0 2048 linear /dev/ram1 x
	Device sector is too large (EINVAL)|0 2048 linear /dev/ram1 18446744073709551616
	Garbage after device sector (EINVAL)|0 2048 linear /dev/ram1 8k
	Device lookup failed|0 2048 linear /dev/$P 0
	Device lookup failed|0 2048 linear /dev/\\nope 0
	Device closes a loop (ELOOP)|0 2048 linear /dev/mapper/\\$P-c 0
	Device closes a loop (ELOOP)|0 2048 linear $OUTPUT\\ c 0
	Range runs past the end of the device (EINVAL)|0 2048 linear /dev/ram1 30728
EOF
set_to max_depth 2
check "check: too deep" foresees "Stack of devices is too deep (ELOOP)" \
	"0 2048 linear /dev/ram1 0"
set_to max_depth 32
check "the whole way is shown" says 1 \
	"$P-a \(dm-[0-9]+\) -> $P-c \(.*\) -> $P-b \(.*\) -> $P-a \(" \
	check "$P-a" "0 2048 linear /dev/mapper/$P-c 0"
check "a loop by another target is seen" says 1 "with scope=all only: Device closes" \
	check "$P-a" "0 2048 striped 1 8 /dev/mapper/$P-c 0"
check "a path is of the device there" says 1 "^$P-a .*Device closes a loop" \
	check "/dev/$(number_of $A)" "0 2048 linear /dev/mapper/$P-c 0"
check "or of one to be" says 0 "^$P-z: nothing would be refused" \
	check "/dev/mapper/$P-z" "0 2048 linear /dev/mapper/$P-c 0"
check "but of no other" says 5 "no mapped device /dev/ram1" \
	check /dev/ram1 "0 2048 linear /dev/mapper/$P-c 0"
check "an option may come last" says 0 '"refused":false' \
	check "$P-a" "0 2048 linear /dev/ram1 8" --json
check "and is no table" says 2 "^Usage" check "$P-a" --jsn
check "nor is nothing" says 1 "There is no line in the table" check "$P-a" ""
# A loop that the stock target closes, in an inactive table, and a device that is to
# stand on it.
once_round() {
	local x="/dev/mapper/$P-x" said
	takeover 0
	create x "0 2048 linear /dev/ram1 0" && create y "0 2048 linear $x 0" &&
		dmsetup suspend "$P-y" && reload x "0 2048 linear /dev/mapper/$P-y 0" || return
	said=$("$command" check "$P-z" "0 2048 linear $x 0")
	echo "$said"
	dmsetup clear "$P-x" && remove_device "$P-y" && remove_device "$P-x"
	takeover 1
	[ "$(grep -o -- "-> $P-y" <<<"$said" | wc -l)" = 1 ]
}
check "a loop that is there is shown once" once_round
raw_json() {
	"$command" check --json "$P-a" $'0 8 linear /dev/caf\xe9 0' | perl -MJSON::PP \
		-0777 -ne 'exit(decode_json($_)->{path} ne "/dev/caf\xe9")'
}
check "bytes that are no text are JSON all the same" raw_json
check "its own table is fine" says 0 "nothing would be refused" check "$P-a"
check "who is not root can ask" setpriv --reuid 65534 --clear-groups \
	"$command" check x "0 8 linear 1:0 0"
check "but not have a status" fails setpriv --reuid 65534 --clear-groups \
	"$command" status

# Interrupted at whatever moment, a long table is whole.
long_table=$(awk 'BEGIN { for (i = 0; i < 2000; i++)
	print i * 8, 8, "linear /dev/ram1", i * 8 % 16384 }')
create long "$long_table"
interrupted() {
	local table i pid
	table=$(dmsetup table "$P-long" | sort -n)
	for i in 0 1 2 3 4 5; do
		set -m
		"$command" "$([ $((i % 2)) = 0 ] && echo release || echo adopt)" "$P-long" &
		pid=$!
		set +m
		sleep "0.$i"
		kill -INT -- "-$pid"
		wait "$pid"
		[ "$(dmsetup table "$P-long" | sort -n)" = "$table" ] &&
			dmsetup info "$P-long" | grep -q '^State: *ACTIVE' &&
			[ -z "$(dmsetup table --inactive "$P-long")" ] || return
	done
}
check "an interrupt leaves a table whole" interrupted
check "and takeover as it was" [ "$(cat $PARAMS/takeover)" = Y ]

# Two at once: each moves what it is to, and none restores what the other has set.
create too "$long_table"
moved_about() {
	local i
	for i in 1 2 3; do
		"$command" release "$1" && "$command" adopt "$1" || return
	done
}
at_once() {
	local pid status=0
	moved_about "$P-long" &
	pid=$!
	moved_about "$P-too" || status=1
	wait "$pid" && [ "$status$(cat $PARAMS/takeover)" = 0Y ]
}
check "two at once do not meet" at_once
takeover 1
remove_device "$P-long"
remove_device "$P-too"

# dmsetup shows the blank, and has \x20 for it in the kernel.
create "d e" "0 16384 linear /dev/ram1 0"
check "a name with a blank moves" says 0 "^$P-d e: served by stock" release "$P-d e"
check "is shown" says 0 "linear +stock +1 +ram1" status
check "and moves back" says 0 "^1 moved to guard, 0 not" adopt "$P-d e"
remove_device "$P-d e"

start_io $B 8M
check "adopt moves what lives" says 0 "^1 moved to guard, 0 not" adopt "$P-b"
check "which is served by the guard" served guarded b
check "--all moves the rest" says 0 "^1 moved to guard" adopt --all
check "release moves it back" says 0 "^1 moved to stock" release "$P-b"
check "which is stock again" served "" b
check "takeover is as it was" [ "$(cat $PARAMS/takeover)" = Y ]
dmsetup suspend "$P-c"
check "a suspended device is left" says 1 "is suspended: 'dmsetup resume" \
	release --all
dmsetup resume "$P-c"
reload a "0 16384 linear /dev/ram1 0"
takeover 1
check "an inactive table is not lost" says 1 "inactive table: make it live" \
	adopt "$P-a"
dmsetup clear "$P-a"
reload a "0 16384 linear /dev/ram1 0"
check "nor passed over" says 1 "$P-a has an inactive table" release --all
dmsetup clear "$P-a"
check "an unknown device is an error" says 5 "no mapped device $P-z" adopt "$P-z"
check "nonsense is an error" says 2 "^Usage" adopt
stays_adopted() {
	"$command" release --all && [ "$(cat $PARAMS/takeover)" = N ] &&
		"$command" adopt --all && [ "$(cat $PARAMS/takeover)" = Y ]
}
check "adopt --all is for what is new, too" stays_adopted
check "release --all" says 0 "0 not$" release --all
check "no I/O failed meanwhile" finish_io
rmmod $MODULE
check "without the module, it moves nothing" says 4 "not loaded" adopt --all
check "but foresees" says 1 "closes a loop" \
	check "$P-a" "0 2048 linear /dev/mapper/$P-c 0"
load_module
finish
