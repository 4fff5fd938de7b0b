#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A table loaded while its device is being resumed is inactive, and suspends nobody.
. "$(dirname "$0")/lib.sh"

plan 8
ramdisks 2 4
set_to scope linear
S=/dev/mapper/$P-s X=/dev/mapper/$P-x A=/dev/mapper/$P-a
create s "0 2048 linear /dev/ram0 0" && create x "0 2048 linear $S 0" &&
	create a "0 2048 linear $X 0" || exit 1

# The guarded table of x is to be replaced by one of the stock target.
takeover 0
check "a stock table of x is accepted" reload x "0 2048 linear /dev/ram1 0"
takeover 1

# waits PID: in the kernel, or for what is under way there.
waits() {
	local state
	read -r _ _ state _ <"/proc/$1/stat"
	[[ $state = [DS] ]]
}
slot_is_empty() {
	same_text Live "$(dmsetup info -c --noheadings -o tables_loaded "$P-x")" && waits "$resume"
}

# A write through x stays on its way, so that the resume of x waits for it.
check "s, below x, is suspended" dmsetup suspend "$P-s"
env dd if=/dev/zero of="$X" bs=4k count=1 oflag=direct status=none &
write=$!
defer eval "dmsetup resume $P-s"
check "a write to x is on its way" wait_for eval \
	"[ \$(awk '{ print \$9 }' /sys/block/$(number_of "$X")/stat) -gt 0 ]"
env dmsetup resume "$P-x" &
resume=$!
check "the resume of x has taken its table, and waits" wait_for slot_is_empty
check "a striped table of x that closes a loop is accepted meanwhile" \
	reload x "0 2048 striped 1 8 $A 0"
check "s is resumed, and the write and the resume of x end" eval "
	dmsetup resume $P-s && wait $write && wait $resume"

check "a can be suspended" dmsetup suspend "$P-a"
check "a is resumed, as the striped table of x is inactive" dmsetup resume "$P-a"
dmsetup clear "$P-x"
finish
