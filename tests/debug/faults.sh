#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Whichever allocation fails, a load fails with it or does not, and leaves nothing.
# FAULTS_FIRST=no leaves out first loads, which take three quarters of the time.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

faults=$(dirname "$0")/faults

first=${FAULTS_FIRST:-yes}
plan "$([ "$first" = yes ] && echo 28 || echo 22)"
[ -e /proc/self/fail-nth ] || skip "this kernel cannot fail on purpose"
[ -x "$faults" ] || skip "faults is not built"
ramdisks 2 4
without_udev
hurry
for kind in failslab fail_page_alloc; do
	[ -d /sys/kernel/debug/$kind ] || skip "this kernel has no $kind"
	echo N >/sys/kernel/debug/$kind/ignore-gfp-wait
	echo 0 >/sys/kernel/debug/$kind/verbose
done
echo 0 >/sys/kernel/debug/fail_page_alloc/min-order

# survives DESCRIPTION ARGUMENT...: of faults, which says how often.
survives() {
	local description=$1
	shift
	check "$description" "$faults" "${watch[@]}" "$@"
	sed 's/^#* */# /' "$OUTPUT"
}

# ELOOP and EINVAL.
loop=40 invalid=22
A=/dev/mapper/$P-a B=/dev/mapper/$P-b
for scope in linear all; do
	watch=()
	check "scope=$scope" set_to scope "$scope"
	create below "0 2048 linear /dev/ram0 0"
	create a "0 2048 linear /dev/mapper/$P-below 0"
	create b "0 2048 linear $A 0"
	watch=(-w "$P-below" -w "$P-a" -w "$P-b")
	survives "a load on a disk" load "$P-a" "/dev/ram0 0"
	survives "a load on a device" load "$P-a" "/dev/mapper/$P-below 0"
	survives "a loop" -e "$loop" load "$P-below" "$B 0"
	set_to max_depth 3
	dmsetup create "$P-x" --notable
	survives "a stack that is too deep" -e "$loop" load "$P-x" "$B 0"
	dmsetup remove "$P-x"
	if [ "$scope" = all ]; then
		create x "0 2048 linear /dev/ram0 0"
		TYPE=striped survives "another target's" -e "$loop" load "$P-x" "1 8 $B 0"
		remove_device "$P-x"
	fi
	set_to max_depth 32
	if [ "$scope" = all ]; then
		TYPE=striped survives "its loop" -e "$loop" load "$P-below" "1 8 $B 0"
	fi
	survives "a device on itself" -e "$invalid" load "$P-a" "$A 0"
	if [ "$first" = yes ]; then
		# Core says EINVAL when it cannot add the disk, as it does for any target.
		survives "a first load on a disk" -o "$invalid" first "$P-x" "/dev/ram0 0"
		survives "a first load on a device" -o "$invalid" first "$P-x" "$B 0"
		TYPE=striped survives "a first load of another target" \
			-o "$invalid" first "$P-x" "1 8 $B 0"
	fi
	survives "a resume" resume "$P-a"
	remove_device "$P-b"
	remove_device "$P-a"
	remove_device "$P-below"
done
watch=()
survives "the scope" write "$PARAMS/scope" linear all
set_to scope linear
survives "and back" write "$PARAMS/scope" all linear
survives "the takeover" write "$PARAMS/takeover" 0 1
check_leaks
rmmod "$MODULE"
survives "the module's load" insert "$DM_LINEAR_GUARD_KO"
load_module
check "the module is there again" [ -d "$PARAMS" ]
finish
