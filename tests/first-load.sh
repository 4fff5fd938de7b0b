#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Who meets a device that is added and not yet linked waits for its links.
. "$(dirname "$0")/lib.sh"

slow=$(dirname "$0")/test_modules/dlg_slow.ko
plan 8
[ -e "$slow" ] || skip "the module that slows links down is not built"
ramdisks 1 4
without_udev
# Where a load takes a second, the second one has to come in time; it waits for five.
insmod "$slow" "seconds=$([ -e /proc/lockdep ] && echo 4 || echo 1)" ||
	skip "the module cannot be loaded: no kprobes?"
defer rmmod dlg_slow

# Two loads that close a loop; the first, of a device that had no table, is kept
# waiting just before it is linked.  $1 is what they may come to.
both() {
	local first second next=/sys/module/dlg_slow/parameters/next
	echo 1 >$next
	dmsetup reload "$P-a" --table "0 2048 linear /dev/mapper/$P-b 0" &
	while [ "$(<$next)" = 1 ]; do
		kill -0 $! || return
	done
	dmsetup reload "$P-b" --table "0 2048 linear $number 0"
	second=$?
	wait $!
	first=$?
	echo "the first: $first, the second: $second"
	[[ "$first $second" =~ ^($1)$ ]] &&
		dmesg | tail -n 3 | grep "linear: Device closes a loop"
}

create b "0 2048 linear /dev/ram0 0"
for scope in linear all; do
	set_to scope "$scope"
	check "scope=$scope: a device without a table" \
		dmsetup create "$P-a" --notable
	number=$(dmsetup info -c --noheadings -o major,minor "$P-a")
	# 5.10 has it there already, and links it when the table is parsed.
	if [ -e "/sys/dev/block/$number" ]; then
		check "scope=$scope: one of them wins" both "0 1|1 0"
	else
		check "scope=$scope: who is there first wins" both "0 1"
	fi
	check "scope=$scope: is cleared" dmsetup clear "$P-b"
	check "scope=$scope: and away" dmsetup remove "$P-a"
done
finish
