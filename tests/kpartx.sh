#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Partitions of an image, by kpartx.
# shellcheck disable=SC2016 # eval is to expand it
. "$(dirname "$0")/stacks.sh"

start_stack 11
require kpartx sfdisk
loop_device 48
partition "$LOOP" $'2048,32768\n34816,32768' --no-tell-kernel
NAME=${LOOP#/dev/}

# kpartx names what it makes after the disk.
check "two partitions" kpartx -n -a -p "$P-" "$LOOP"
defer eval "! dmsetup info ${NAME}$P-1 >/dev/null 2>&1 || kpartx -n -d -p $P- $LOOP"
dmsetup mknodes
ONE=/dev/mapper/${NAME}$P-1
check "are guarded" [ "$(dmsetup status "${NAME}$P-1" "${NAME}$P-2" |
	grep -c guarded)" = 2 ]
check "the first is written to" make_files "$ONE"
check "all is there" remount "$ONE"
umount "$DIR"
refused "it does not move onto itself" "$EINVAL" "Device maps onto itself" \
	dmsetup reload "${NAME}$P-1" --table "0 32768 linear $ONE 0"
check "they are updated" eval 'kpartx -n -u -p $P- $LOOP && mount $ONE $DIR && intact'
umount "$DIR"
partition "$LOOP" $'2048,34816\n36864,16384' --no-tell-kernel
check "and again when the table has changed" kpartx -n -u -p "$P-" "$LOOP"
same "to its sizes" "34816 16384" "$(blockdev --getsz "$ONE" "${ONE%1}2" | xargs)"
check "all is there" eval 'mount $ONE $DIR && intact'
umount "$DIR"
check "they lie where the table says" in_place
check "and deleted" kpartx -n -d -p "$P-" "$LOOP"
finish
