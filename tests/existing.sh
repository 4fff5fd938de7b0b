#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A loop that is there when the module is loaded is named in the log.
. "$(dirname "$0")/lib.sh"

plan 5
[ "$USERS" = 0 ] || skip "the module is in use"
ramdisks 1 4
takeover 0
create a "0 2048 linear /dev/ram0 0" && create b "0 2048 linear /dev/mapper/$P-a 0" || exit 1
defer eval "[ -e $PARAMS ] || load_module"

comes_anew() {
	rmmod "$MODULE" && { new_messages; load_module; }
}
names_a_loop() {
	new_messages
	echo "$MESSAGES"
	[[ $MESSAGES == *"linear-guard: $P-"[ab]" (dm-"*") is part of a loop already"* ]]
}

check "the module can be loaded while there is no loop" comes_anew
check "no loop is named where there is none" fails names_a_loop
set_to scope linear
takeover 0
check "the stock target accepts a table of a that closes a loop" \
	reload a "0 2048 linear /dev/mapper/$P-b 0"
check "the module can be loaded while there is a loop" comes_anew
check "a device of the loop is named" names_a_loop
dmsetup clear "$P-a"
finish
