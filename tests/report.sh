#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The kernel's log names the devices of a refused table as people do.
. "$(dirname "$0")/lib.sh"

plan 21
ramdisks 1 4
create home "0 2048 linear /dev/ram0 0" || exit 1
create cache "0 2048 linear /dev/mapper/$P-home 0" || exit 1
create top "0 2048 striped 1 8 /dev/mapper/$P-cache 0" || exit 1

known_as() {
	echo "$P-$1 ($(number_of "/dev/mapper/$P-$1"))"
}
home=$(known_as home) cache=$(known_as cache) top=$(known_as top)

refused "a loop of one device is refused and named" "$EINVAL" \
	"refusing $home: loop $home -> $home" reload home "0 2048 linear /dev/mapper/$P-home 0"
refused "a loop of two devices is refused and named" "$ELOOP" \
	"refusing $home: loop $home -> $cache -> $home" \
	reload home "0 2048 linear /dev/mapper/$P-cache 0"
refused "a loop of three devices is refused and named" "$ELOOP" \
	"refusing $home: loop $home -> $top -> $cache -> $home" \
	reload home "0 2048 linear /dev/mapper/$P-top 0"
check "a device is renamed" dmsetup rename "$P-home" "$P-attic"
refused "a loop is refused and named by the new name" "$ELOOP" \
	"refusing ${home/home/attic}: loop ${home/home/attic} -> $cache -> ${home/home/attic}" \
	reload attic "0 2048 linear /dev/mapper/$P-cache 0"
check "the renamed device gets its old name back" dmsetup rename "$P-attic" "$P-home"

set_to max_depth 3
dmsetup create "$P-new" --notable || exit 1
defer remove_device "$P-new"
number=$(dmsetup info -c --noheadings -o minor "$P-new")
refused "a stack that would be too deep is refused and named" "$ELOOP" \
	"refusing $P-new (dm-$number): stack deeper than 3 $P-new (dm-$number) -> $top -> $cache -> $home -> ram0" \
	reload new "0 2048 linear /dev/mapper/$P-top 0"
set_to max_depth 2
refused "a table below a stack that is too deep is refused and named" "$ELOOP" \
	"refusing $home: stack deeper than 2 $top -> $cache -> $home -> ram0" \
	reload home "0 2048 linear /dev/ram0 8"

set_to max_depth 32
number=$(dmsetup info -c --noheadings -o major,minor --separator : "$P-home")
refused "a range past the end is refused with the size of the disk named" "$EINVAL" \
	"$number: ram0 too small for target: start=8000, len=2048, dev_size=8192" \
	reload home "0 2048 linear /dev/ram0 8000"
null_disk blocks queue_mode=2 size=4 blocksize=4096
refused "a range that starts within a block is refused with the size of blocks named" "$EINVAL" \
	"$number: start=1 not aligned to h/w logical block size 4096 of ${NULL#/dev/}" \
	reload home "0 2048 linear $NULL 1"
refused "a range that ends within a block is refused with the size of blocks named" "$EINVAL" \
	"$number: len=2044 not aligned to h/w logical block size 4096 of ${NULL#/dev/}" \
	reload home "0 2044 linear $NULL 0"

# A name cannot write a line of the log.
evil=$P-$'evil\n[    1.000000] forged: %s %n \e[2J'
evil() {
	dmsetup --manglename none "$1" "$evil" "${@:2}"
}
check "a device whose name has two lines is created" evil create --table "0 2048 linear /dev/ram0 0"
defer evil remove
number=$(evil info -c --noheadings -o major,minor --separator :)
refused "a name of two lines is one line of the log" "$EINVAL" \
	"refusing $P-evil\n[    1.000000] forged: %s %n \e[2J (dm-${number#*:}): loop" \
	evil reload --table "0 2048 linear $number 0"
forged() {
	dmesg | grep '^\[[ 0-9.]*\] *\(\[.*\] \)\?forged'
}
check "a name of two lines forges no line of the log" fails forged
check "a forged line of the log would be found" eval 'echo "forged: seen" >/dev/kmsg; forged'

same "dmsetup status says that the device is guarded" \
	"0 2048 linear guarded" "$(dmsetup status "$P-home")"

for name in self_refused loops_refused depth_refused resumes_refused \
	recursions_ended; do
	check "the counter $name is read-only" [ "$(stat -c %a "$PARAMS/$name")" = 444 ]
done
finish
