#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What a kernel can do with a disk, it can do with a guarded device.
. "$(dirname "$0")/lib.sh"

plan 17
require fio xfs_io
built ioctls
hurry

# attribute_has NAME FILE TEXT: that is part of it.
attribute_has() {
	attribute "$1" "$2" && [[ $VALUE == *"$3"* ]]
}

null_disk plain queue_mode=2 size=16 memory_backed=1
plain=$NULL
create dev "0 16384 linear $plain 8192"
device=/dev/mapper/$P-dev
polled=
if grep -qw poll_queues /sys/kernel/config/nullb/features; then
	null_disk poll queue_mode=2 size=16 submit_queues=1 poll_queues=1
	create poll "0 16384 linear $NULL 8192"
	polled=/dev/mapper/$P-poll
fi

# One fio for all jobs, one after another, as it takes longer to start than to do them.
defer rm -f "$OUTPUT".{fio,errors}
fio --direct=1 --bs=4k --rw=randread --size=1M --minimal --output="$OUTPUT.fio" \
	--name=uring --filename="$device" --ioengine=io_uring --iodepth=8 \
	--name=nowait --stonewall --filename="$device" --ioengine=pvsync2 --nowait=1 \
	--name=both --stonewall --filename="$device" --ioengine=io_uring --nowait=1 \
	${polled:+--name=polled --stonewall --filename="$polled" --ioengine=io_uring --hipri=1} \
	>"$OUTPUT.errors" 2>&1

# reads JOB: it has had no error, and has read all of its 1024 KiB.
reads() {
	local name error kib
	while IFS=';' read -r _ _ name _ error kib _; do
		[ "$name $error $kib" != "$1 0 1024" ] || return 0
	done <"$OUTPUT.fio"
	cat "$OUTPUT".{errors,fio}
	return 1
}
check "reads by io_uring succeed" reads uring
check "reads that do not wait succeed" reads nowait
check "reads by io_uring that do not wait succeed" reads both

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
read -r disk <"/sys/block/${plain##*/}/dev"
same "reads of a control group are counted as its own on the disk below" \
	"$disk rbytes=1048576" \
	"$(grep -o "^$disk rbytes=[0-9]*" "$group/$P/io.stat")"

if [ "$polled" ]; then
	attribute poll queue/io_poll
	same "a device on a disk that can be polled says so" 1 "$VALUE"
	check "polled reads succeed" reads polled
else
	skipped 2 "this kernel's null_blk cannot be polled"
fi

# Tags that hold each sector's number on the disk are checked on the way.
scsi_disk dif=1 dix=1 dev_size_mb=16
create dif "0 8192 linear $SCSI 8192
8192 8192 linear $SCSI 1024"
dif=/dev/mapper/$P-dif
check "a device has the protection information of the disk below" \
	attribute_has dif integrity/format T10-DIF
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
defer rm -f "$OUTPUT.ioctls"
"$ioctls" "/dev/mapper/$P-whole" "/dev/mapper/$P-part" >"$OUTPUT.ioctls"
mapfile -td '' answers <"$OUTPUT.ioctls"
# answered REGEX TEXT: there is such a line.
answered() {
	[[ $2 =~ $1 ]] || { echo "$2"; return 1; }
}
check "a SCSI command reaches the disk through a map of all of it" \
	answered $'inquiry: 0[^\n]*scsi_debug' "${answers[0]}"
check "a SCSI command of an ordinary user reaches the disk, too" \
	answered $'inquiry by nobody: 0[^\n]*scsi_debug' "${answers[0]}"
check "a SCSI command of an ordinary user is refused by a map of a part" \
	answered "inquiry by nobody: -1 Inappropriate ioctl for device" "${answers[1]}"
takeover 0
create stock "0 32768 linear $SCSI 0"
takeover 1
offered=0 atomic=atomic_write_max_bytes
if [ -e "/sys/block/${SCSI##*/}/queue/$atomic" ]; then
	attribute stock "queue/$atomic" && offered=$VALUE
fi
if [ "$offered" != 0 ]; then
	attribute whole "queue/$atomic"
	same "atomic writes may be as large as through the stock target" "$offered" "$VALUE"
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
