#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The operator's command shows devices, foresees refusals and moves live devices.
. "$(dirname "$0")/lib.sh"

command=${DM_LINEAR_GUARD_COMMAND:-dm-linear-guard}
plan 60
require "$command" fio perl setpriv
[ "$USERS" = 0 ] || skip "the module is in use"
ramdisks 2 16
A=/dev/mapper/$P-a B=/dev/mapper/$P-b

# ends STATUS PATTERN COMMAND...: it ends with that status and prints a line like that.
ends() {
	local wanted=$1 pattern=$2 output status=0
	shift 2
	"$@" >"$OUTPUT.said" 2>&1 || status=$?
	mapfile -t output <"$OUTPUT.said"
	[ "$status" = "$wanted" ] && has_line "$pattern" "${output[@]}" && return
	echo "exit status $status, wanted $wanted and $pattern"
	printf '%s\n' "${output[@]}"
	return 1
}

# has_line PATTERN LINE...: one of them is like that, which takes no process to see.
has_line() {
	local line
	for line in "${@:2}"; do
		[[ ! $line =~ $1 ]] || return 0
	done
	return 1
}

# answers STATUS PATTERN ARGUMENT...: the operator's command does so.
answers() {
	ends "$1" "$2" "$command" "${@:3}"
}

# nobody STATUS PATTERN ARGUMENT...: the same for a user who is not root.
nobody() {
	ends "$1" "$2" setpriv --reuid 65534 --clear-groups "$command" "${@:3}"
}

# served WHO DEVICE: WHO is "guarded", or nothing for the stock target.
served() {
	same_text "0 16384 linear $1" "$(dmsetup status "$P-$2")"
}

# takeover_is VALUE: the parameter has that value.
takeover_is() {
	same_text "$1" "$(counter takeover)"
}

takeover 0
create a "0 16384 linear /dev/ram0 0"
create b "0 16384 linear $A 0"
takeover 1
create c "0 2048 linear $B 0"

# It is asked once, and looked at several times.
shows() {
	printf '%s\n' "exit status $STATUS" "${SHOWN[@]}"
	[ "$STATUS" = 0 ] && has_line "$1" "${SHOWN[@]}"
}
STATUS=0
"$command" status >"$OUTPUT.said" 2>&1 || STATUS=$?
mapfile -t SHOWN <"$OUTPUT.said"
check "status shows the max_depth of the module" shows '^max_depth +32$'
check "status shows a stock device with its depth and slave" \
	shows "^$P-a \(dm-.*linear +stock +1 +ram0"
check "status shows a guarded device with its depth and slave" \
	shows "^$P-c \(dm-.*linear +guard +3 +$P-b"
check "status --tree shows a slave below its holder" \
	answers 0 "^\`-$P-b .*linear, stock" status --tree
# One perl, whose start takes long, reads what both say, and prints which is right.
read_json() {
	defer rm -f "$OUTPUT".{status,check}
	"$command" status --json >"$OUTPUT.status"
	"$command" check --json "$P-a" $'0 8 linear /dev/caf\xe9 0' >"$OUTPUT.check"
	RIGHT=$(perl -MJSON::PP -e '
		sub said {
			open(my $file, "<", $_[0]) or die "$_[0]: $!\n";
			local $/;
			return eval { decode_json(<$file>) } || print "$_[0]: $@";
		}
		my $status = said($ARGV[0]);
		my ($c) = grep { $_->{name} eq "'"$P"'-c" } @{$status->{devices}};
		print "status is right\n" if
			$status->{module}{loaded} && $status->{module}{max_depth} == 32 &&
			$c->{depth} == 3 && $c->{linear_served_by} eq "guard" &&
			$c->{stands_on}[0] eq "'"$P"'-b" && !@{$status->{loops}};
		print "check is right\n" if said($ARGV[1])->{path} eq "/dev/caf\xe9";' \
		"$OUTPUT".{status,check} 2>&1)
}
right() {
	cat "$OUTPUT.$1"
	echo "$RIGHT"
	[[ $RIGHT == *"$1 is right"* ]]
}
read_json
check "status --json shows the module, and a device with its slaves" right status
check "check --json keeps bytes that are not ASCII" right check

# foresees REASON TABLE: check and the module accept or refuse a table for a alike.
foresees() {
	local status=0 said error=
	said=$("$command" check "$P-a" "$2" 2>&1) || status=$?
	echo "$said"
	case $1 in
	accepted)
		[ "$status" = 0 ] && reload a "$2" && dmsetup clear "$P-a"
		return ;;
	*EINVAL*) error=$EINVAL ;;
	*ELOOP*) error=$ELOOP ;;
	esac
	[ "$status" = 1 ] && [[ $said == *"$1"* ]] &&
		refuses "$error" "${1% (*}" reload a "$2"
}
defer rm -f "$OUTPUT c"
ln -s "/dev/mapper/$P-c" "$OUTPUT c"
while IFS='|' read -r reason table; do
	case $reason in
	accepted) outcome=accepted ;;
	*) outcome=refused ;;
	esac
	check "check foresees that '$table' is $outcome" foresees "$reason" "$table"
done <<-EOF
	accepted|0 2048 linear /dev/ram1 8
	Device maps onto itself (EINVAL)|0 2048 linear $A 0
	Device closes a loop (ELOOP)|0 2048 linear /dev/mapper/$P-c 0
	Invalid argument count (EINVAL)|0 2048 linear /dev/ram1
	Device sector is not a number (EINVAL)|0 2048 linear /dev/ram1 x
	Device sector is too large (EINVAL)|0 2048 linear /dev/ram1 18446744073709551616
	Garbage after device sector (EINVAL)|0 2048 linear /dev/ram1 8k
	Device lookup failed|0 2048 linear /dev/$P 0
	Device lookup failed|0 2048 linear /dev/\\nope 0
	Device lookup failed|0 2048 linear /dev/mapper/\\$P-c 0
	Invalid argument count (EINVAL)|0 2048 linear $OUTPUT\\ c 0
	Range runs past the end of the device (EINVAL)|0 2048 linear /dev/ram1 30728
EOF
set_to max_depth 2
check "check foresees that a stack of 3 is too deep for max_depth=2" \
	foresees "Stack of devices is too deep (ELOOP)" "0 2048 linear /dev/ram1 0"
set_to max_depth 32
check "check shows the path of a loop that would be closed" answers 1 \
	"$P-a \(dm-[0-9]+\) -> $P-c \(.*\) -> $P-b \(.*\) -> $P-a \(" \
	check "$P-a" "0 2048 linear /dev/mapper/$P-c 0"
set_to scope linear
check "check sees a loop that another target would close with scope=all" answers 1 \
	"with scope=all only: Device closes" \
	check "$P-a" "0 2048 striped 1 8 /dev/mapper/$P-c 0"
set_to scope all
check "check takes the path of a mapped device" answers 1 "^$P-a .*Device closes a loop" \
	check "/dev/$(number_of $A)" "0 2048 linear /dev/mapper/$P-c 0"
check "check takes the path of a mapped device that is not there yet" \
	answers 0 "^$P-z: nothing would be refused" \
	check "/dev/mapper/$P-z" "0 2048 linear /dev/mapper/$P-c 0"
check "check refuses the path of a device that is not mapped" answers 5 "no mapped device /dev/ram1" \
	check /dev/ram1 "0 2048 linear /dev/mapper/$P-c 0"
check "check takes an option after the table" answers 0 '"refused":false' \
	check "$P-a" "0 2048 linear /dev/ram1 8" --json
check "check refuses an unknown option, rather than take it for a table" \
	answers 2 "^Usage" check "$P-a" --jsn
check "check refuses an empty table" answers 1 "There is no line in the table" check "$P-a" ""
# A loop that the stock target closes in an inactive table, below a device to be made.
once_round() {
	local x="/dev/mapper/$P-x" said
	set_to scope linear && takeover 0 || return
	create x "0 2048 linear /dev/ram1 0" && create y "0 2048 linear $x 0" &&
		dmsetup suspend "$P-y" && reload x "0 2048 linear /dev/mapper/$P-y 0" || return
	said=$("$command" check "$P-z" "0 2048 linear $x 0")
	echo "$said"
	dmsetup clear "$P-x" && remove_device "$P-y" && remove_device "$P-x"
	takeover 1 && set_to scope all || return
	[ "$(grep -o -- "-> $P-y" <<<"$said" | wc -l)" = 1 ]
}
check "check shows a device of an existing loop only once" once_round
check "check without a table refuses nothing of the live table" \
	answers 0 "nothing would be refused" check "$P-a"
check "check serves a user who is not root" nobody 0 "nothing would be refused" \
	check x "0 8 linear 1:0 0"
check "status is refused to a user who is not root" nobody 3 "status needs root" status

# A move of a long table is interrupted, as by Ctrl-C, at different points of it.
long_table=
for ((i = 0; i < 500; i++)); do
	long_table+="$((i * 8)) 8 linear /dev/ram1 $((i * 8))"$'\n'
done
create long "$long_table"

# move_for MICROSECONDS: move the long table to the other target, but no longer.
move_for() {
	local to=adopt pid delay
	[[ $(dmsetup status "$P-long") != *guarded* ]] || to=release
	if [ $to = adopt ]; then takeover 1; else takeover 0; fi
	set -m
	"$command" "$to" "$P-long" &
	pid=$!
	set +m
	printf -v delay %d.%06d $(($1 / 1000000)) $(($1 % 1000000))
	sleep "$delay"
	# It may have ended already.
	kill -INT -- "-$pid"
	wait "$pid"
}

# The points are parts of the time that a whole move takes.  Whichever of them an
# interrupt hits, the outcome has to be the same.
interrupted() {
	local table took i
	table=$(dmsetup table "$P-long")
	takeover 0
	took=${EPOCHREALTIME//[!0-9]/}
	"$command" release "$P-long" || return
	took=$((${EPOCHREALTIME//[!0-9]/} - took))
	for i in {0..5}; do
		move_for $((took * (i * 100 + RANDOM % 100) / 600))
		same_text "$table" "$(dmsetup table "$P-long")" &&
			same_text Live:Active "$(dmsetup info -c --noheadings \
				-o tables_loaded,suspended "$P-long")" || return
	done
}
check "a table is whole and live after a move is interrupted" interrupted
takeover 1
remove_device "$P-long"

create one "0 2048 linear /dev/ram1 0"
create two "0 2048 linear /dev/ram1 0"
check "release NAME fails while new tables go to the guard, and says what to do" answers 1 \
	"^dm-linear-guard: $P-one stays as it is: takeover.*--all.*echo N >" release "$P-one"
check "takeover is unchanged after release NAME has failed" takeover_is Y
check "the device is guarded after release NAME has failed" \
	same_text "0 2048 linear guarded" "$(dmsetup status "$P-one")"
takeover 0
check "release NAME moves a device while new tables go to the stock target" answers 0 \
	"^1 moved to stock, 0 not" release "$P-one"
check "adopt NAME fails while new tables go to the stock target, and says what to do" answers 1 \
	"^dm-linear-guard: $P-one stays as it is: takeover.*--all.*echo Y >" adopt "$P-one"
check "takeover is unchanged after adopt NAME has failed" takeover_is N
check "adopt NAME succeeds for a device that is guarded already" answers 0 \
	"^0 moved to guard, 0 not" adopt "$P-two"

at_once() {
	local pid status=0
	"$command" release "$P-one" "$P-two" &
	pid=$!
	"$command" release --all || status=1
	wait "$pid" && [ "$status" = 0 ] &&
		same_text "0 2048 linear " "$(dmsetup status "$P-c")"
}
takeover 0
check "two commands at once move all devices between them" at_once
takeover 1
"$command" adopt "$P-c"
remove_device "$P-one"
remove_device "$P-two"

# dmsetup shows the blank, and has \x20 for it in the kernel.
create "d e" "0 16384 linear /dev/ram1 0"
takeover 0
check "release moves a device with a blank in its name" answers 0 \
	"^$P-d e: served by stock" release "$P-d e"
check "status shows a device with a blank in its name" answers 0 \
	"^$P-d e \(dm-.*linear +stock +1 +ram1" status
takeover 1
check "adopt moves a device with a blank in its name" answers 0 \
	"^1 moved to guard, 0 not" adopt "$P-d e"
remove_device "$P-d e"

# written NAME: the device of that name in sysfs has been written to.
written() {
	local fields
	read -ra fields <"/sys/block/$1/stat"
	[ "${fields[4]}" -gt 0 ]
}
adopted_under_io() {
	wait_for written "$(number_of $B)" &&
		answers 0 "^1 moved to guard, 0 not" adopt "$P-b"
}
# Less often than others, as the moves have to get on meanwhile: of fio's starts and its
# I/O the processor has little, and there is always some to come.
IO_RATE=50
start_io $B 1M
check "adopt moves a device under I/O" adopted_under_io
check "the device is guarded after adopt" served guarded b
check "adopt --all moves the one stock device left" answers 0 "^1 moved to guard" adopt --all
takeover 0
check "release moves a device under I/O" answers 0 "^1 moved to stock" release "$P-b"
check "the device is stock after release" served "" b
check "takeover is unchanged after release NAME" takeover_is N
takeover 1
dmsetup suspend "$P-c"
check "release --all leaves a suspended device and says so" answers 1 "is suspended: 'dmsetup resume" \
	release --all
dmsetup resume "$P-c"
reload a "0 16384 linear /dev/ram1 0"
takeover 1
check "adopt refuses a device with an inactive table" answers 1 "inactive table: make it live" \
	adopt "$P-a"
dmsetup clear "$P-a"
reload a "0 16384 linear /dev/ram1 0"
check "release --all reports a device with an inactive table" \
	answers 1 "$P-a has an inactive table" release --all
dmsetup clear "$P-a"
check "adopt refuses an unknown device" answers 5 "no mapped device $P-z" adopt "$P-z"
check "adopt refuses to be called without a device" answers 2 "^Usage" adopt
takeover 0
stays_adopted() {
	"$command" adopt --all && takeover_is Y
}
check "adopt --all sets takeover for new tables" stays_adopted
check "release --all moves every guarded device" answers 0 "0 not$" release --all
check "release --all sets takeover for new tables" takeover_is N
check "no I/O fails during all these moves" finish_io
rmmod $MODULE
check "adopt --all fails without the module" answers 4 "not loaded" adopt --all
check "check foresees a loop without the module" answers 1 "closes a loop" \
	check "$P-a" "0 2048 linear /dev/mapper/$P-c 0"
load_module
finish
