#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The operator's command shows devices, predicts refusals and moves live devices.
. "$(dirname "$0")/lib.sh"

command=${DM_LINEAR_GUARD_COMMAND:-dm-linear-guard}
SCHEMA=${DM_LINEAR_GUARD_SCHEMA:-/usr/share/dm-linear-guard/command.schema.json}
killed=$(dirname "$0")/killed
plan 100
require "$command" fio flock losetup mkfs.ext4 mkswap setpriv
built killed schema
[ "$USERS" = 0 ] || skip "the module is in use"
[ -e "$SCHEMA" ] || skip "no $SCHEMA"
ramdisks 2 16
needs "loop devices" modprobe loop
A=/dev/mapper/$P-a B=/dev/mapper/$P-b C=/dev/mapper/$P-c

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

# fits ARGUMENT...: its JSON is what the schema says.
fits() {
	"$command" "$@" --json >"$OUTPUT.json"
	"${0%/*}/schema" "$SCHEMA" "$OUTPUT.json"
}

# printed COMMAND...: sets PRINTED to what it prints; not in a subshell, which does not ask
# the mapper.
printed() {
	local status=0
	"$@" >"$OUTPUT.printed" || status=$?
	IFS= read -rd '' PRINTED <"$OUTPUT.printed"
	PRINTED=${PRINTED%$'\n'}
	[ "$status" = 0 ] || echo "$PRINTED"
	return "$status"
}

# served WHO DEVICE: WHO is "guarded", or nothing for the stock target.
served() {
	printed dmsetup status "$P-$2" && same_text "0 16384 linear $1" "$PRINTED"
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

echo "# status"
# The module is not installed here, or other devices are not guarded: with a name, the
# exit status is about that device.
check "status of a guarded device shows it and ends with 0" answers 0 \
	"^$P-c +dm-[0-9]+ +linear +guard +3 active live +dm-[0-9]+\$" status "$P-c"
check "status of a stock device says what to do and ends with 8" answers 8 \
	"^NOT GUARDED: $P-a .*loaded by the stock target: dm-linear-guard adopt $P-a\$" \
	status "$P-a"
check "status of all ends with 8 while a device is not guarded" \
	answers 8 '^max_depth +32$' status
check "status --tree draws a slave below its holder" \
	answers 8 "^[^ ]+$P-b .* stock " status --tree
check "status of a device that is not there ends with 5" answers 5 "no device \"$P-z\"" status "$P-z"
check "status takes the path of a device" answers 0 "^$P-c " status "$C"
check "status -o + shows more columns" answers 0 ' SIZE *$' status "$P-c" -o +SIZE
check "status -rn shows words" answers 0 "^$P-c 1048576 -\$" \
	status -rnbo NAME,SIZE,REASON "$P-c"
check "status -P shows pairs" answers 0 "^NAME=\"$P-c\" DEPTH=\"3\"\$" \
	status -P -o NAME,DEPTH "$P-c"
check "status --json is as the schema says" fits status
check "status --json of a device is as the schema says" fits status "$P-c"
check "status is refused to a user who is not root" nobody 3 "status needs root" status
check "status to a full disk ends with 7" ends 7 "No space left" \
	bash -c "exec '$command' status >/dev/full"
# Devices come and go while they are asked, ten times or more.
comes_and_goes() {
	start_mapper
	while [ -e "$OUTPUT.go" ] && kill -0 $$; do
		dmsetup create "$P-v" --table "0 8 linear /dev/ram1 0" && remove "$P-v" || return
		printf . >>"$OUTPUT.went"
	done
}
unmoved() {
	local i=0 status result=0
	: >"$OUTPUT.go"
	: >"$OUTPUT.went"
	comes_and_goes &
	until [ "$i" -ge 10 ] && [ "$(wc -c <"$OUTPUT.went")" -ge 10 ]; do
		kill -0 $! || break
		status=0
		"$command" status >"$OUTPUT.said" 2>&1 || status=$?
		[ "$status" = 8 ] || { cat "$OUTPUT.said"; result=1; }
		i=$((i + 1))
	done
	rm "$OUTPUT.go"
	wait $! && return "$result"
}
check "status does not fail for devices that go meanwhile" unmoved

echo "# check"
# predicts REASON TABLE: check and the module accept or refuse a table for a alike.
predicts() {
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
	check "check predicts that '$table' is $outcome" predicts "$reason" "$table"
done <<-EOF
	accepted|0 2048 linear /dev/ram1 8
	Device maps onto itself (EINVAL)|0 2048 linear $A 0
	Device closes a loop (ELOOP)|0 2048 linear $C 0
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

# agrees DEVICE TABLE: check and the kernel accept it, or both refuse it, whichever.
agrees() {
	local status=0 loaded=0
	"$command" check "$P-$1" "$2" || status=$?
	# Not by the mapper, whose directory is another.
	command dmsetup reload "$P-$1" --table "$2" && dmsetup clear "$P-$1" && loaded=1
	echo "check ends with $status, loaded: $loaded"
	case $status in
	0 | 6) [ "$loaded" = 1 ] ;;
	1) [ "$loaded" = 0 ] ;;
	*) false ;;
	esac
}
for word in 1:1 1:01 +1:1 4097:0 101 0x101 1:1x ./ram1 /dev/ram1/ /dev/nope; do
	check "check agrees with the kernel on the device '$word'" \
		agrees a "0 2048 linear $word 0"
done
cd /dev || exit 1
check "check agrees with the kernel on a name in dmsetup's directory" \
	agrees a "0 2048 linear ram1 0"
check "check accepts a name in dmsetup's directory" answers 0 "would be accepted" \
	check "$P-a" "0 2048 linear ram1 0"
cd - >/dev/null || exit 1

mkswap /dev/ram1 >"$OUTPUT.said" 2>&1 && swapon /dev/ram1 || exit 1
defer eval '! grep -q ^/dev/ram1 /proc/swaps || swapoff /dev/ram1'
check "check says that a device is busy" answers 1 "lookup failed \(EBUSY\)" \
	check "$P-a" "0 2048 linear /dev/ram1 0"
check "check agrees with the kernel on a device that is busy" \
	agrees a "0 2048 linear /dev/ram1 0"
swapoff /dev/ram1

# A disk that goes while a device is on it.
null_disk gone size=4
no_modprobe
read -r number <"/sys/block/${NULL#/dev/}/dev"
create gone "0 2048 linear $NULL 0"
echo 0 >"/sys/kernel/config/nullb/$P-gone/power"
check "check agrees with the kernel on the number of a disk that has gone" \
	agrees gone "0 1024 linear $number 0"
check "check agrees with the kernel on that number for another device" \
	agrees a "0 1024 linear $number 0"
check "status shows the disk that has gone" answers 0 " ${NULL#/dev/}" status "$P-gone"
remove_device "$P-gone"

set_to max_depth 2
check "check predicts that a stack of 3 is too deep for max_depth=2" \
	predicts "Stack of devices is too deep (ELOOP)" "0 2048 linear /dev/ram1 0"
set_to max_depth 32
check "check shows the path of a loop that would be closed" answers 1 \
	"$P-a \(dm-[0-9]+\) -> $P-c \(.*\) -> $P-b \(.*\) -> $P-a \(" \
	check "$P-a" "0 2048 linear $C 0"
set_to scope linear
check "check says that scope=linear lets a striped loop through" answers 6 \
	"would be let through: Device closes a loop; scope is linear" \
	check "$P-a" "0 2048 striped 1 8 $C 0"
check "check agrees with the kernel on a striped loop with scope=linear" \
	agrees a "0 2048 striped 1 8 $C 0"
check "check agrees with the kernel on a linear line behind such a striped one" \
	agrees a $'0 1024 striped 1 8 '"$C"$' 0\n1024 1024 linear '"$C 0"
takeover 0
check "check says that takeover=N lets a loop through with scope=linear" answers 6 \
	"takeover is off" check "$P-a" "0 2048 linear $C 0"
check "check agrees with the kernel on a stock loop with scope=linear" \
	agrees a "0 2048 linear $C 0"
set_to scope all
check "check agrees with the kernel on a stock loop with scope=all" \
	agrees a "0 2048 linear $C 0"
takeover 1
check "check says that it does not know a target" answers 11 "not known to this command" \
	check "$P-a" "0 2048 made-up $C 0"
check "check takes the path of a mapped device" answers 1 "^$P-a .*Device closes a loop" \
	check "/dev/$(number_of $A)" "0 2048 linear $C 0"
check "check takes the path of a mapped device that is not there yet" \
	answers 0 "^$P-z: there is no such device yet: a new one would be accepted" \
	check "/dev/mapper/$P-z" "0 2048 linear $C 0"
check "check refuses the path of a device that is not mapped" \
	answers 5 'no mapped device "/dev/ram1"' \
	check /dev/ram1 "0 2048 linear $C 0"
check "check takes an option after the table" answers 0 '"outcome": "accepted"' \
	check "$P-a" "0 2048 linear /dev/ram1 8" --json
check "check refuses an unknown option, rather than take it for a table" \
	answers 2 '^Try "dm-linear-guard check --help"\.$' check "$P-a" --jsn
check "check refuses an empty table" answers 1 "There is no line in the table" check "$P-a" ""
check "check --json of a loop is as the schema says" fits check "$P-a" "0 2048 linear $C 0"
check "check without a table accepts the live table" \
	answers 0 "^$P-a .*: its live table would be accepted" check "$P-a"
check "check serves a user who is not root" nobody 0 "would be accepted" \
	check x "0 8 linear 1:0 0"
check "check finds a loop for a user who is not root" nobody 1 "closes a loop" \
	check "$P-a" "0 2048 linear $C 0"

echo "# what the module cannot see"
DIR=$(mktemp -d)
defer rmdir "$DIR"
# On the uppermost device, as the others are held.
mkfs.ext4 -q -F -b 1024 -O ^has_journal "$C" && mount -t ext4 "$C" "$DIR" || exit 1
defer eval "! mountpoint -q $DIR || umount $DIR"
truncate -s 1M "$DIR/file"
FILE=$(losetup --find --show "$DIR/file") || exit 1
defer eval "[ ! -e /sys/block/${FILE#/dev/}/loop ] || losetup --detach $FILE"
check "check finds a loop through a file" answers 9 "loop that the module cannot see" \
	check "$P-a" "0 2048 linear $FILE 0"
create file "0 8 linear $FILE 0"
check "status shows what a loop device is on" answers 8 "^${FILE#/dev/} +$(number_of $C)\$" \
	status -no KNAME,HIDDEN
remove_device "$P-file"
losetup --detach "$FILE"
wait_for umount "$DIR" || exit 1

echo "# why"
reload a "0 2048 linear $C 0" 2>"$OUTPUT.said"
check "why tells the line that closed a loop" answers 0 \
	"$P-a \(dm-[0-9]+\) was refused a table: its line onto $P-c .* would have closed a loop" \
	why

echo "# names"
# moves NAME ARGUMENT: a device of that name in the kernel is shown and moved by that.
moves() {
	local name=$P-$1 argument=$P-$2
	command dmsetup --manglename none create "$name" --table "0 8 linear /dev/ram1 0" || return
	takeover 1
	answers 0 " guard " status -- "$argument" && takeover 0 &&
		answers 0 "^1 device released, 0 failed" release "$argument" && takeover 1 &&
		answers 0 "^1 device adopted, 0 failed" adopt -- "$argument" &&
		fits status
	local status=$?
	command dmsetup --manglename none remove "$name" || status=1
	return "$status"
}
printf -v long %0$((127 - ${#P} - 1))d 0
check "a device whose name has a mangled blank is moved" moves 'd\x20e' 'd e'
check "a device whose name has a blank is moved" moves 'd e' 'd e'
check "a device whose name has a newline is moved" moves $'new\nline' 'new\x0aline'
check "a device whose name has a tab is moved by its bytes" moves $'t\tab' $'t\tab'
check "a device whose name has quotes, a percent sign and a backslash is moved" \
	moves "q'\"%n\\" "q'\"%n\\"
check "a device whose name is UTF-8 is moved" moves 'café' 'café'
check "a device whose name is no UTF-8 is moved" moves $'caf\xe9' 'caf\xe9'
check "a device whose name has 127 bytes is moved" moves "$long" "$long"

echo "# moves"
# A move of a long table is interrupted, as by Ctrl-C, at different points of it.
long_table=
for ((i = 0; i < 500; i++)); do
	long_table+="$((i * 8)) 8 linear /dev/ram1 $((i * 8))"$'\n'
done
create long "$long_table"

# move_for MICROSECONDS: move the long table to the other target, but no longer.
move_for() {
	local to=adopt pid delay
	takeover 1
	printed dmsetup status "$P-long" || return
	[[ $PRINTED != *guarded* ]] || { to=release; takeover 0; }
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
	printed dmsetup table "$P-long" || return
	table=$PRINTED
	takeover 0
	took=${EPOCHREALTIME//[!0-9]/}
	"$command" release "$P-long" || return
	took=$((${EPOCHREALTIME//[!0-9]/} - took))
	for i in {0..5}; do
		move_for $((took * (i * 100 + RANDOM % 100) / 600))
		printed dmsetup table "$P-long" && same_text "$table" "$PRINTED" &&
			printed mapper info "$P-long" && same_text Live:Active "$PRINTED" || return
	done
}
check "a table is whole and live after a move is interrupted" interrupted
remove_device "$P-long"

# sound DEVICE TABLE: that is its live table, and perhaps its inactive one, and it serves.
sound() {
	printed dmsetup table "$P-$1" && same_text "$2" "$PRINTED" &&
		printed mapper info "$P-$1" || return
	case $PRINTED in
	Live:Active) ;;
	Both:Active) same_text "$2" "$(dmsetup table --inactive "$P-$1")" ;;
	*) echo "$PRINTED"; false ;;
	esac
}

# killed_anywhere TAKEOVER ARGUMENT...: the command, adopt or release, is killed when it has
# returned from its first ioctl or write, from its second, and so on, until it ends by
# itself; what it was to do is done by the next one.
killed_anywhere() {
	local before=$1 table n=0 status=0 others=0 from="" to=guarded
	shift
	[ "$1" = adopt ] || others=1 from=guarded to=""
	printed dmsetup table "$P-k" || return
	table=$PRINTED
	while [ "$status" = 0 ]; do
		n=$((n + 1))
		takeover $others && swap k "0 8 linear /dev/ram1 0" && served_k "$from" &&
			takeover "$before" || return
		"$killed" "$n" "$command" "$@" >"$OUTPUT.said" 2>&1 || status=$?
		sound k "$table" || { echo "killed after call $n"; return 1; }
		[ "$2" = --all ] || takeover_is "$before" || return
		"$command" "$@" >"$OUTPUT.said" 2>&1 && served_k "$to" || return
	done
	# More often than it takes to find the device.
	[ "$status" = 1 ] && [ "$n" -gt 4 ]
}
served_k() {
	printed dmsetup status "$P-k" && same_text "0 8 linear $1" "$PRINTED"
}
create k "0 8 linear /dev/ram1 0"
check "a table is whole and live, and takeover unchanged, wherever adopt is killed" \
	killed_anywhere Y adopt "$P-k"
"$command" adopt "$P-a" "$P-b" >"$OUTPUT.said" || exit 1
check "a table is whole and live wherever adopt --all is killed" \
	killed_anywhere N adopt --all
check "a table is whole and live, and takeover unchanged, wherever release is killed" \
	killed_anywhere N release "$P-k"
check "a table is whole and live wherever release --all is killed" \
	killed_anywhere Y release --all
remove_device "$P-k"
takeover 1
"$command" adopt "$P-c" >"$OUTPUT.said" || exit 1

create one "0 2048 linear /dev/ram1 0"
# A command that has the lock, and another.
waits() {
	local pid status=0
	exec {lock}>/run/dm-linear-guard.lock && flock "$lock" || return
	"$command" adopt --all >"$OUTPUT.waits" 2>&1 {lock}>&- &
	pid=$!
	wait_for grep -q "waiting for another adopt or release" "$OUTPUT.waits" || status=1
	exec {lock}>&-
	wait "$pid" || status=1
	cat "$OUTPUT.waits"
	return "$status"
}
check "adopt waits for another one to end" waits
takeover 0
"$command" release "$P-a" "$P-b" >"$OUTPUT.said" || exit 1
takeover 1
remove_device "$P-one"

# written NAME: the device of that name in sysfs has been written to.
written() {
	local fields
	read -ra fields <"/sys/block/$1/stat"
	[ "${fields[4]}" -gt 0 ]
}
adopted_under_io() {
	wait_for written "$(number_of $B)" &&
		answers 0 "^1 device adopted, 0 failed" adopt "$P-b"
}
# Less often than others, as the moves have to get on meanwhile: of fio's starts and its
# I/O the processor has little, and there is always some to come.
IO_RATE=50
start_io $B 1M
check "adopt moves a device under I/O" adopted_under_io
check "the device is guarded after adopt" served guarded b
check "release of a device is refused while new tables are guarded" \
	answers 1 "use release --all, or write N to" release "$P-b"
check "the device is still guarded after the refusal" served guarded b
takeover 0
check "release moves a device under I/O" answers 0 "^1 device released" release "$P-b"
check "the device is stock after release" served "" b
check "adopt of a device is refused while new tables are stock" \
	answers 1 "use adopt --all, or write Y to" adopt "$P-b"
check "takeover is unchanged by adopt and release of a device" takeover_is N
check "adopt --all moves both stock devices" answers 0 "^2 devices adopted, 0 failed" adopt --all
check "adopt --all sets takeover for new tables" takeover_is Y
dmsetup suspend "$P-c"
check "release --all leaves a suspended device and says so" answers 1 \
	"$P-c .* is not released: it is suspended: dmsetup resume" release --all
dmsetup resume "$P-c"
reload a "0 16384 linear /dev/ram1 0"
takeover 1
check "adopt refuses a device with another inactive table" answers 1 \
	"it has an inactive table: make it live by dmsetup" adopt "$P-a"
dmsetup clear "$P-a"
takeover 0
reload a "0 16384 linear /dev/ram0 0"
takeover 1
check "adopt replaces an inactive table that is the live one once more" \
	answers 0 "^1 device adopted, 0 failed" adopt "$P-a"
check "adopt refuses an unknown device" answers 5 "no mapped device \"$P-z\"" adopt "$P-z"
check "adopt refuses to be called without a device" \
	answers 2 "give either --all or names" adopt
check "release --all moves every guarded device" answers 0 ", 0 failed$" release --all
check "release --all sets takeover for new tables" takeover_is N
check "no I/O fails during all these moves" finish_io
rmmod $MODULE
check "adopt --all fails without the module" answers 4 "not loaded" adopt --all
check "check says that a loop is let through without the module" answers 6 "module is not loaded" \
	check "$P-a" "0 2048 linear $C 0"
check "status ends with 4 without the module" answers 4 "^NOT LOADED" status
load_module
finish
