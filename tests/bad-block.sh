#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A write to a bad block of persistent memory is left to the memory to recover.
. "$(dirname "$0")/lib.sh"

plan 6
require mkfs.ext4 debugfs
pmem_disk 64
grep -q ' pmem_recovery_write\>' /proc/kallsyms ||
	skip "this kernel's pmem driver has no recovery"
tracing=/sys/kernel/tracing
mount_tracefs || exit 1
[ -e "$tracing/kprobe_events" ] || skip "this kernel has no kprobe events"

# The driver forgets its bad blocks when it is unloaded.
defer eval "rmmod nd_pmem && modprobe nd_pmem"

# Two segments, of 1 MiB and the rest, and a file in the second.
create bad "0 2048 linear $PMEM 65536
2048 30720 linear $PMEM 16384"
device=/dev/mapper/$P-bad
dir=$(mktemp -d)
defer rmdir "$dir"
check "a file system is made on two segments of persistent memory" \
	mkfs.ext4 -q -b 4096 "$device"
check "the file system is mounted with DAX" mount -o dax=always "$device" "$dir"
defer umount "$dir"
sectors 0 8192 >"$dir/file"
sync "$dir/file"

# Block 500 of the file, of 8 sectors, and its page of the memory.
said=$(debugfs -R "bmap /file 500" "$device" 2>&1)
block=${said##*$'\n'}
[[ $block =~ ^[1-9][0-9]*$ ]] || {
	echo "# debugfs said: $said"
	exit 1
}
page=$(((block * 8 - 2048 + 16384) / 8))
overwrite() {
	dd if=/dev/zero of="$dir/file" bs=4k count=1 seek="$1" conv=notrunc status=none
}
check "a block of a file is written while its memory is good" overwrite 500

# It is marked bad as the driver itself would do it.
echo "$((page * 8)) 8" >"/sys/block/${PMEM#/dev/}/badblocks"
unreadable() {
	local said
	said=$(dd if="$dir/file" of=/dev/null bs=4k count=1 skip="$1" 2>&1)
	echo "$said"
	[[ $said == *"Input/output error"* ]]
}
check "a read of a bad block fails with EIO" unreadable 500
defer eval "echo >$tracing/kprobe_events"
echo "p:$P pmem_recovery_write page=%si:u64" >"$tracing/kprobe_events"
defer eval "echo 0 >$tracing/events/kprobes/$P/enable"
echo 1 >"$tracing/events/kprobes/$P/enable"
# The write itself fails where the memory cannot recover.
overwrite 500
same "a write to a bad block reaches the driver's recovery, for that page" \
	"page=$page" "$(sed -n "s/.* $P: .*\(page=.*\)/\1/p" "$tracing/trace")"
check "the block before the bad one is written" overwrite 499
finish
