#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A write to a bad block of persistent memory is left to the memory to recover.
. "$(dirname "$0")/lib.sh"

plan 6
require mkfs.ext4 debugfs
pmem_disk 64
without_udev
grep -q ' pmem_recovery_write\>' /proc/kallsyms ||
	skip "this kernel does not recover"
tracing=/sys/kernel/tracing
mount_tracefs
[ -e "$tracing/kprobe_events" ] || skip "no kprobes to watch by"

# What is bad is forgotten by a driver that goes.
defer eval "rmmod nd_pmem && modprobe nd_pmem"

# Two segments, of 1 MiB and the rest, and a file in the second.
create bad "0 2048 linear $PMEM 65536
2048 30720 linear $PMEM 16384"
device=/dev/mapper/$P-bad
dir=$(mktemp -d)
defer rmdir "$dir"
check "a file system on both segments" mkfs.ext4 -q -b 4096 "$device"
check "is mounted with DAX" mount -o dax=always "$device" "$dir"
defer umount "$dir"
sectors 0 8192 >"$dir/file"
sync "$dir/file"

# Its block 500, of 8 sectors, and where that is on the memory.
block=$(debugfs -R "bmap /file 500" "$device" 2>/dev/null)
page=$(((block * 8 - 2048 + 16384) / 8))
overwrite() {
	dd if=/dev/zero of="$dir/file" bs=4k count=1 seek="$1" conv=notrunc status=none
}
check "it is written to" overwrite 500

# Bad as a driver would find it.
echo "$((page * 8)) 8" >"/sys/block/${PMEM#/dev/}/badblocks"
check "a bad block is not read" eval \
	"! dd if=$dir/file of=/dev/null bs=4k count=1 skip=500"
defer eval "echo >$tracing/kprobe_events"
echo "p:$P pmem_recovery_write page=%si:u64" >"$tracing/kprobe_events"
defer eval "echo 0 >$tracing/events/kprobes/$P/enable"
echo 1 >"$tracing/events/kprobes/$P/enable"
overwrite 500
same "a write to it arrives at the memory's own recovery" "page=$page" \
	"$(grep -o "$P:.*" "$tracing/trace" | grep -o "page=.*")"
check "its neighbours are written to as ever" overwrite 499
finish
