#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What a kernel can do with a disk, it can do with a guarded device.
. "$(dirname "$0")/lib.sh"

plan 17
require fio xfs_io
built ioctls
hurry

# reads DEVICE OPTIONS...: with fio.
reads() {
	fio --name=features --filename="$1" --direct=1 --bs=4k --rw=randread \
		--size=1M --minimal --output=/dev/null "${@:2}"
}

queue() {
	cat "/sys/block/$(number_of "$1")/queue/$2"
}

null_disk plain queue_mode=2 size=16 memory_backed=1
create dev "0 16384 linear $NULL 8192"
device=/dev/mapper/$P-dev
check "reads by io_uring succeed" reads "$device" --ioengine=io_uring --iodepth=8
check "reads that do not wait succeed" reads "$device" --ioengine=pvsync2 --nowait=1
check "reads by io_uring that do not wait succeed" \
	reads "$device" --ioengine=io_uring --nowait=1

# Whose I/O it is, as the disk below has it.
group=$(mktemp -d)
defer rmdir "$group"
needs "control groups" mount -t cgroup2 none "$group"
defer umount "$group"
echo +io >"$group/cgroup.subtree_control"
mkdir "$group/$P"
defer rmdir "$group/$P"
in_group() {
	echo "$BASHPID" >"$group/$P/cgroup.procs"
	dd if="$device" of=/dev/null bs=64k count=16 iflag=direct status=none
}
check "reads of a control group succeed" eval '(in_group)'
disk=$(<"/sys/block/$(number_of "$NULL")/dev")
same "reads of a control group are counted as its own on the disk below" \
	"$disk rbytes=1048576" \
	"$(grep -o "^$disk rbytes=[0-9]*" "$group/$P/io.stat")"

if grep -qw poll_queues /sys/kernel/config/nullb/features; then
	null_disk poll queue_mode=2 size=16 submit_queues=1 poll_queues=1
	create poll "0 16384 linear $NULL 8192"
	same "a device on a disk that can be polled says so" 1 \
		"$(queue "/dev/mapper/$P-poll" io_poll)"
	check "polled reads succeed" reads "/dev/mapper/$P-poll" --ioengine=io_uring --hipri=1
else
	skipped 2 "this kernel's null_blk cannot be polled"
fi

# Tags that hold each sector's number on the disk are checked on the way.
scsi_disk dif=1 dix=1 dev_size_mb=16
create dif "0 8192 linear $SCSI 8192
8192 8192 linear $SCSI 1024"
dif=/dev/mapper/$P-dif
check "a device has the protection information of the disk below" \
	grep -q T10-DIF "/sys/block/$(number_of "$dif")/integrity/format"
sectors 0 2048 >"$OUTPUT.dif"
defer rm "$OUTPUT.dif"
check "data with protection information are written" \
	dd if="$OUTPUT.dif" of="$dif" bs=64k seek=56 oflag=direct status=none
check "data with protection information are read back" \
	cmp "$OUTPUT.dif" <(dd if="$dif" bs=64k skip=56 count=16 iflag=direct status=none)
check "data with protection information lie where the table says" cmp <(sectors 1024 1024) \
	<(dd if="$SCSI" bs=512k skip=1 count=1 iflag=direct status=none)
remove_device "$P-dif"

# SCSI commands pass through a map of the whole disk, not through one of a part.
remove_scsi_debug
# shellcheck disable=SC2046
scsi_disk dev_size_mb=16 $(atomic_option)
create whole "0 32768 linear $SCSI 0"
create part "0 8192 linear $SCSI 8192"
ioctls=$(dirname "$0")/ioctls
answers=$("$ioctls" "/dev/mapper/$P-whole")
check "a SCSI command reaches the disk through a map of all of it" \
	grep -q "inquiry: 0.*scsi_debug" <<<"$answers"
check "a SCSI command of an ordinary user reaches the disk, too" \
	grep -q "inquiry by nobody: 0.*scsi_debug" <<<"$answers"
check "a SCSI command of an ordinary user is refused by a map of a part" \
	grep -q "inquiry by nobody: -1 Inappropriate ioctl for device" \
	<("$ioctls" "/dev/mapper/$P-part")
takeover 0
create stock "0 32768 linear $SCSI 0"
takeover 1
offered=0 atomic=atomic_write_max_bytes
[ ! -e "/sys/block/$(number_of "$SCSI")/queue/$atomic" ] ||
	offered=$(queue "/dev/mapper/$P-stock" "$atomic")
if [ "$offered" != 0 ]; then
	same "atomic writes may be as large as through the stock target" "$offered" \
		"$(queue "/dev/mapper/$P-whole" "$atomic")"
	check "an atomic write succeeds" xfs_io -d -c "pwrite -A -D -V 1 -b 4k 0 4k" \
		"/dev/mapper/$P-whole"
else
	skipped 2 "this kernel's linear target does no atomic writes"
fi

target_disk
create keeper "0 $(blockdev --getsz "$SCSI") linear $SCSI 0"
same "the disk registers for, makes and releases a persistent reservation" 3 \
	"$("$ioctls" "/dev/mapper/$P-keeper" | grep -c '^IOC_PR_RE[A-Z]*: 0')"
finish
