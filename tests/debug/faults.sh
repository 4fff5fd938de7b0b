#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Whichever allocation fails, a load fails with it or succeeds, and leaves nothing.
# FAULTS_FIRST=no leaves out first loads, which take three quarters of the time.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

faults=$(dirname "$0")/faults

first=${FAULTS_FIRST:-yes}
plan "$([ "$first" = yes ] && echo 28 || echo 22)"
built faults
[ -e /proc/self/fail-nth ] || skip "this kernel cannot fail on purpose"
ramdisks 2 4
hurry
for kind in failslab fail_page_alloc; do
	[ -d /sys/kernel/debug/$kind ] || skip "this kernel has no $kind"
	echo N >/sys/kernel/debug/$kind/ignore-gfp-wait &&
		echo 0 >/sys/kernel/debug/$kind/verbose || exit 1
done
echo 0 >/sys/kernel/debug/fail_page_alloc/min-order || exit 1

# survives WHAT ARGUMENT...: of faults, which says how often.  Its signs of life are to be
# seen at once.
exec {stdout}>&1
survives() {
	check "$1 survives every failed allocation$where" \
		"$faults" -s "$stdout" "${watch[@]}" "${@:2}"
	sed 's/^#* */# /' "$OUTPUT"
}

# ELOOP and EINVAL.
loop=40 invalid=22
A=/dev/mapper/$P-a B=/dev/mapper/$P-b
for scope in linear all; do
	watch=() where=", scope=$scope"
	check "the scope can be set to $scope" set_to scope "$scope"
	create below "0 2048 linear /dev/ram0 0" &&
		create a "0 2048 linear /dev/mapper/$P-below 0" &&
		create b "0 2048 linear $A 0" || exit 1
	watch=(-w "$P-below" -w "$P-a" -w "$P-b")
	survives "a load onto a disk" load "$P-a" "/dev/ram0 0"
	survives "a load onto a mapped device" load "$P-a" "/dev/mapper/$P-below 0"
	survives "the refusal of a loop" -e "$loop" load "$P-below" "$B 0"
	set_to max_depth 3
	dmsetup create "$P-x" --notable || exit 1
	survives "the refusal of too deep a stack" -e "$loop" load "$P-x" "$B 0"
	dmsetup remove "$P-x" || exit 1
	if [ "$scope" = all ]; then
		create x "0 2048 linear /dev/ram0 0" || exit 1
		TYPE=striped survives "the refusal of too deep a striped stack" \
			-e "$loop" load "$P-x" "1 8 $B 0"
		remove_device "$P-x" || exit 1
	fi
	set_to max_depth 32
	if [ "$scope" = all ]; then
		TYPE=striped survives "the refusal of a striped loop" \
			-e "$loop" load "$P-below" "1 8 $B 0"
	fi
	survives "the refusal of a load onto itself" -e "$invalid" load "$P-a" "$A 0"
	if [ "$first" = yes ]; then
		# Core says EINVAL when it cannot add the disk, as it does for any target.
		survives "a first load onto a disk" -o "$invalid" first "$P-x" "/dev/ram0 0"
		survives "a first load onto a mapped device" -o "$invalid" first "$P-x" "$B 0"
		TYPE=striped survives "a first load of a striped table" \
			-o "$invalid" first "$P-x" "1 8 $B 0"
	fi
	survives "a resume" resume "$P-a"
	remove_device "$P-b" && remove_device "$P-a" && remove_device "$P-below" || exit 1
done
watch=() where=
survives "a change of the scope from all to linear" write "$PARAMS/scope" linear all
set_to scope linear
survives "a change of the scope from linear to all" write "$PARAMS/scope" all linear
survives "a change of takeover to off" write "$PARAMS/takeover" 0 1
check_leaks
rmmod "$MODULE" || exit 1
survives "a load of the module" insert "$DM_LINEAR_GUARD_KO"
check "the module can be loaded after the failures" load_module
finish
