#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Partitions that kpartx maps are guarded, and follow a changed partition table.
# shellcheck disable=SC2016 # eval is to expand it
. "$(dirname "$0")/stacks.sh"

start_stack 11
require kpartx sfdisk
loop_device 48
partition "$LOOP" $'2048,32768\n34816,32768' --no-tell-kernel
NAME=${LOOP#/dev/}

# kpartx names what it makes after the disk.
check "kpartx maps two partitions" kpartx -n -a -p "$P-" "$LOOP"
defer eval "! exists ${NAME}$P-1 || kpartx -n -d -p $P- $LOOP"
dmsetup mknodes
ONE=/dev/mapper/${NAME}$P-1
check "both partitions are guarded" [ "$(dmsetup status "${NAME}$P-1" "${NAME}$P-2" |
	grep -c guarded)" = 2 ]
check "a file system is made on the first partition" make_files "$ONE"
check "the files are intact after a remount" remount "$ONE"
umount "$DIR"
refused "a table that maps the partition onto itself is refused" "$EINVAL" \
	"Device maps onto itself" dmsetup reload "${NAME}$P-1" --table "0 32768 linear $ONE 0"
check "kpartx -u keeps the files while the partition table is unchanged" \
	eval 'kpartx -n -u -p $P- $LOOP && mount_intact $ONE'
umount "$DIR"
partition "$LOOP" $'2048,34816\n36864,16384' --no-tell-kernel
check "kpartx -u succeeds after the partition table has changed" \
	kpartx -n -u -p "$P-" "$LOOP"
same "both partitions have their new sizes" $'34816\n16384' \
	"$(blockdev --getsz "$ONE" "${ONE%1}2")"
check "the files are intact after the partition table has changed" \
	mount_intact "$ONE"
umount "$DIR"
check "both partitions lie where their tables say" in_place
check "kpartx -d deletes the partitions" kpartx -n -d -p "$P-" "$LOOP"
finish
