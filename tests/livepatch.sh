#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The diversion and a livepatch of the same function exclude each other.
. "$(dirname "$0")/lib.sh"

patch=$(dirname "$0")/test_modules/dlg_livepatch.ko
sys=/sys/kernel/livepatch

plan 10
built test_modules/dlg_livepatch.ko
[ -d "$sys" ] || skip "this kernel has no livepatch"
ramdisks 2 4

patched() {
	insmod "$patch" && defer unpatched && wait_for grep -q 0 "$sys/dlg_livepatch/transition"
}

unpatched() {
	[ -e "$sys/dlg_livepatch" ] || return 0
	echo 0 >"$sys/dlg_livepatch/enabled" &&
		wait_for [ ! -e "$sys/dlg_livepatch" ] && rmmod dlg_livepatch
}

not_patched() {
	local said
	! said=$(insmod "$patch" 2>&1) && [[ $said == *"Device or resource busy"* ]] && return
	echo "insmod said: $said"
	return 1
}

create a "0 2048 linear /dev/ram0 0" || exit 1
create b "0 2048 linear /dev/mapper/$P-a 0" || exit 1
set_to scope all || exit 1
check "a livepatch of a diverted function is refused with EBUSY" not_patched
refused "a loop is refused with scope=all after a livepatch is refused" "$ELOOP" "refusing $P-a" \
	reload a "0 2048 striped 1 8 /dev/mapper/$P-b 0"
set_to scope linear && set_to divert 0 || exit 1

check "a livepatch is applied with divert=N" patched
refused "a table that links devices is refused with EPERM under the livepatch" \
	"Operation not permitted" "Device lookup failed" \
	reload a "0 2048 linear /dev/ram1 0"
refused "scope=all is refused with EBUSY under the livepatch" "Device or resource busy" \
	"scope=all: ftrace is off, or others divert" \
	bash -c "echo all >$PARAMS/scope"
same "the scope stays linear under the livepatch" linear "$(counter scope)"
check "the livepatch stays enabled after scope=all is refused" \
	[ "$(<"$sys/dlg_livepatch/enabled")" = 1 ]
check "the livepatch is removed" unpatched

check "scope=all is accepted after the livepatch is removed" set_to scope all
check "a table that links devices is accepted after the livepatch is removed" \
	swap a "0 2048 linear /dev/ram1 0"
finish
