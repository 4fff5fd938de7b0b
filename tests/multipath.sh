#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A volume on a multipath device stays in use while a path fails.
# shellcheck disable=SC2016 # eval is to expand it
. "$(dirname "$0")/stacks.sh"

start_stack 12
needs multipath modprobe -a dm-multipath dm-round-robin
scsi_disk dev_size_mb=16 max_luns=2 num_tgts=1 add_host=1
find_other() {
	OTHER=$(grep -ls scsi_debug /sys/block/sd*/device/model | grep -v "/${SCSI#/dev/}/")
	OTHER=${OTHER%/device/model} OTHER=/dev/${OTHER##*/}
	[ -b "$OTHER" ]
}
one_is_left() {
	local status
	status=$(dmsetup status "$P-mp")
	echo "$status"
	[[ $status =~ :[0-9]+' A ' && $status =~ :[0-9]+' F ' ]]
}

# Two units of scsi_debug share their memory, as two paths to one disk do.
check "scsi_debug has a second unit" wait_for find_other
check "a multipath device of two paths is created" \
	create mp "0 32768 multipath 0 0 1 1 round-robin 0 2 1 $SCSI 1 $OTHER 1"
check "a linear device is created on the multipath device" \
	create home "0 32768 linear /dev/mapper/$P-mp 0"
check "a file system on the linear device is written to" make_files "/dev/mapper/$P-home"
check "one path is made to fail" dmsetup message "$P-mp" 0 "fail_path $SCSI"
check "one path is active and the other has failed" one_is_left
check "the file system is written to over one path" write_more
check "the files are intact over one path" remount "/dev/mapper/$P-home"
check "the files are intact after the path is reinstated" eval '
	dmsetup message $P-mp 0 "reinstate_path $SCSI" && intact'
umount "$DIR" || exit 1
refused "a table of the linear device onto itself is refused" "$EINVAL" "Device maps onto itself" \
	reload home "0 32768 linear /dev/mapper/$P-home 0"
check "the linear device is guarded" guarded
check "the data of the linear device lies where its table says" in_place
finish
