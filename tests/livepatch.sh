#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# scope=all and a livepatch of the same function exclude each other.
. "$(dirname "$0")/lib.sh"

patch=$(dirname "$0")/test_modules/dlg_livepatch.ko
sys=/sys/kernel/livepatch

plan 10
[ -e "$patch" ] || skip "the livepatch is not built"
[ -d "$sys" ] || skip "this kernel has no livepatch"
ramdisks 2 4
without_udev

patched() {
	insmod "$patch" && defer unpatched && wait_for grep -q 0 "$sys/dlg_livepatch/transition"
}

unpatched() {
	[ -e "$sys/dlg_livepatch" ] || return 0
	echo 0 >"$sys/dlg_livepatch/enabled" &&
		wait_for [ ! -e "$sys/dlg_livepatch" ] && rmmod dlg_livepatch
}

create a "0 2048 linear /dev/ram0 0"
create b "0 2048 linear /dev/mapper/$P-a 0"
set_to scope all
check "with scope=all there is no livepatch" fails insmod "$patch"
refused "and the scope stays" "$ELOOP" "refusing $P-a" \
	reload a "0 2048 striped 1 8 /dev/mapper/$P-b 0"
set_to scope linear

check "with scope=linear there can be" patched
refused "it is what links meet" "Operation not permitted" "Device lookup failed" \
	reload a "0 2048 linear /dev/ram1 0"
refused "with a livepatch there is no scope=all" "Device or resource busy" \
	"scope=all: ftrace is off, or others divert" \
	bash -c "echo all >$PARAMS/scope"
same "but linear" linear "$(counter scope)"
check "and the livepatch stays" [ "$(cat "$sys/dlg_livepatch/enabled")" = 1 ]
check "until it is taken back" unpatched

check "then there is scope=all" set_to scope all
check "and links are made" swap a "0 2048 linear /dev/ram1 0"
finish
