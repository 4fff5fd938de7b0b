#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What md and bcache link cannot be refused: it is said loudly, counted, and contained.
. "$(dirname "$0")/lib.sh"

plan 18
require make-bcache mdadm
ramdisks 2 4
without_udev
X=/dev/mapper/$P-x

# An array of one mirror, with room for the device that stands on it.
check "an array" mdadm --quiet --build /dev/md77 --run --force --level=1 \
	--raid-devices=2 /dev/ram0 missing
defer mdadm --quiet --stop /dev/md77
echo frozen >/sys/block/md77/md/sync_action
check "and a linear device on it" create x "0 8192 linear /dev/md77 0"

set_to scope all
before=$(counter not_refused)
check "the array can be made to stand on that" mdadm --quiet /dev/md77 --add "$X"
log=$(dmesg --level crit | tail -n 1)
number=$(number_of "$X")
same "which is critical" "device-mapper: linear-guard: cannot refuse md77: loop md77 -> $P-x ($number) -> md77" \
	"${log#*] }"
same "and counted" "$((before + 1))" "$(counter not_refused)"
check "and linked" [ -e "/sys/block/md77/slaves/$number" ]
check "as holder, too" [ -e "/sys/block/$number/holders/md77" ]

refused "no table is loaded into the loop" "$ELOOP" "Device closes a loop" \
	reload x "0 8192 linear /dev/md77 0"
check "what is in it can be suspended" dmsetup suspend "$P-x"
refused "but not resumed" "$ELOOP" "not resuming $P-x ($number): loop" \
	dmsetup resume "$P-x"
check "a good table can be loaded and resumed" swap x "0 8192 linear /dev/ram1 0"
check "and the array be mended" mdadm --quiet /dev/md77 --fail "$X" --remove "$X"
check "so that it can stand on it again" swap x "0 8192 linear /dev/md77 0"
# bcache makes a new disk, which nothing stands on yet.
swap x "0 8192 linear /dev/ram1 0"
modprobe -q bcache
set_to max_depth 1
bcache=$(make_bcache "$X")
check "bcache can be made to stand on a device" [ -d "/sys/block/$bcache/bcache" ]
log=$(dmesg --level crit | tail -n 1)
same "even if it stands too high" "device-mapper: linear-guard: cannot refuse $bcache: stack deeper than 1 $bcache -> $P-x ($number) -> ram1" \
	"${log#*] }"
same "and is counted" "$((before + 2))" "$(counter not_refused)"
check "and stopped" stop_bcache "$bcache"

set_to scope linear
same "no more is counted" "$((before + 2))" "$(counter not_refused)"
finish
