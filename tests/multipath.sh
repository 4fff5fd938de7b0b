#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A volume on a multipath device stays in use while a path fails.
# shellcheck disable=SC2016 # eval is to expand it
. "$(dirname "$0")/stacks.sh"

start_stack 12
modprobe -qa dm-multipath dm-round-robin
scsi_disk dev_size_mb=48 max_luns=2 num_tgts=1 add_host=1
wait_for eval '[ "$(grep -ls scsi_debug /sys/block/sd*/device/model | wc -l)" = 2 ]'
OTHER=$(grep -ls scsi_debug /sys/block/sd*/device/model | grep -v "/${SCSI#/dev/}/")
OTHER=/dev/$(basename "${OTHER%/device/model}")

# Two units of scsi_debug share their memory: two paths, as it were.
check "two paths" [ -b "$OTHER" ]
check "a multipath device" create mp "0 98304 multipath 0 0 1 1 round-robin 0 2 1 $SCSI 1 $OTHER 1"
check "with a linear one on it" create home "0 98304 linear /dev/mapper/$P-mp 0"
check "that is written to" make_files "/dev/mapper/$P-home"
check "a path fails" dmsetup message "$P-mp" 0 "fail_path $SCSI"
check "so that one is left" [ "$(dmsetup status "$P-mp" | grep -oE ':[0-9]+ [AF] ' |
	tr -dc AF | fold -w1 | sort | tr -d '\n')" = AF ]
check "which is written to" write_more
check "all is there" remount "/dev/mapper/$P-home"
check "and is back" eval 'dmsetup message $P-mp 0 "reinstate_path $SCSI" && intact'
umount "$DIR"
refused "the path below does not move onto it" "$EINVAL" "Device maps onto itself" \
	reload home "0 98304 linear /dev/mapper/$P-home 0"
check "all of it is guarded" guarded
check "and lies where its tables say" in_place
finish
