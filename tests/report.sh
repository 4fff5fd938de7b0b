#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What is refused is named in the kernel's log as people name it, and counted.
. "$(dirname "$0")/lib.sh"

plan 18
ramdisks 1 4
without_udev
create home "0 2048 linear /dev/ram0 0"
create cache "0 2048 linear /dev/mapper/$P-home 0"
create top "0 2048 striped 1 8 /dev/mapper/$P-cache 0"

known_as() {
	echo "$P-$1 ($(number_of "/dev/mapper/$P-$1"))"
}
home=$(known_as home) cache=$(known_as cache) top=$(known_as top)

refused "a device on itself" "$EINVAL" "refusing $home: loop $home -> $home" \
	reload home "0 2048 linear /dev/mapper/$P-home 0"
refused "a loop of two" "$ELOOP" \
	"refusing $home: loop $home -> $cache -> $home" \
	reload home "0 2048 linear /dev/mapper/$P-cache 0"
refused "a loop of three" "$ELOOP" \
	"refusing $home: loop $home -> $top -> $cache -> $home" \
	reload home "0 2048 linear /dev/mapper/$P-top 0"
check "after a rename" dmsetup rename "$P-home" "$P-attic"
refused "by the new name" "$ELOOP" \
	"refusing ${home/home/attic}: loop ${home/home/attic} -> $cache -> ${home/home/attic}" \
	reload attic "0 2048 linear /dev/mapper/$P-cache 0"
check "and back" dmsetup rename "$P-attic" "$P-home"

set_to max_depth 3
number=$(dmsetup create "$P-new" --notable && dmsetup info -c --noheadings -o minor "$P-new")
defer remove_device "$P-new"
refused "a stack too deep" "$ELOOP" \
	"refusing $P-new (dm-$number): stack deeper than 3 $P-new (dm-$number) -> $top -> $cache -> $home -> ram0" \
	reload new "0 2048 linear /dev/mapper/$P-top 0"
set_to max_depth 2
refused "from its top" "$ELOOP" \
	"refusing $home: stack deeper than 2 $top -> $cache -> $home -> ram0" \
	reload home "0 2048 linear /dev/ram0 8"

# Nobody can write a line of the log by giving a name.
evil=$P-$'evil\n[    1.000000] forged: %s %n \e[2J'
evil() {
	dmsetup --manglename none "$1" "$evil" "${@:2}"
}
check "a name of two lines" evil create --table "0 2048 linear /dev/ram0 0"
defer evil remove
number=$(evil info -c --noheadings -o major,minor --separator :)
refused "is one line of the log" "$EINVAL" \
	"refusing $P-evil\n[    1.000000] forged: %s %n \e[2J (dm-${number#*:}): loop" \
	evil reload --table "0 2048 linear $number 0"
forged() {
	dmesg | grep '^\[[ 0-9.]*\] *\(\[.*\] \)\?forged'
}
check "and none is forged" fails forged
check "which would be seen" eval 'echo "forged: seen" >/dev/kmsg; forged'

same "status says who serves" "0 2048 linear guarded" "$(dmsetup status "$P-home")"

for name in self_refused loops_refused depth_refused resumes_refused \
	recursions_ended; do
	check "$name is for reading only" [ "$(stat -c %a "$PARAMS/$name")" = 444 ]
done
finish
