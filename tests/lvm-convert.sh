#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# LVM: a mounted volume is converted to mirror, RAID and cache, and back; a snapshot is merged.
# shellcheck disable=SC2016,SC2034 # eval is to expand it
. "$(dirname "$0")/stacks.sh"

start_stack 18
lvm_on 40 40
A=${LOOPS[0]} B=${LOOPS[1]}
LV=/dev/$P/home
lvs_are() {
	[ "$(lvs --noheadings -a -o lv_name "$P" | tr -d " \n")" = "$1" ]
}

convert() {
	lvconvert -q -y -i 1 "$@"
}

check "a volume is created" eval 'defer vgremove -q -f $P &&
	lvm_does "vgcreate -q $P $A $B" "lvcreate -q -y -W n -Z n -L 12M -n home $P $A"'
check "a file system on the volume is written to" make_files "$LV"
for type in "mirror --mirrorlog core" raid1; do
	# shellcheck disable=SC2086
	check "the volume is converted to ${type%% *}" convert --type $type -m 1 "$LV" "$B"
	check "the volume is written to as ${type%% *}" write_more
	check "the volume is converted from ${type%% *} to linear" convert -m 0 "$LV" "$B"
	check "the files are intact after the conversion from ${type%% *}" intact
done

# (Without udev, forky's LVM cannot make a volume the cache.)
check "the volume is cached by a cache pool" lvm_does \
	"lvcreate -q -y --type cache-pool -L 8M --poolmetadatasize 4M -n fast $P $B" \
	"lvconvert -q -y --type cache --cachepool fast $LV"
check "the volume is written to while it is cached" write_more
check "the cache is taken off the volume" lvconvert -q -y --uncache "$LV"
check "the files are intact after the cache is taken off" remount "$LV"

check "a snapshot of the volume is taken" lvcreate -q -y -s -L 8M -n snap "$LV"
sectors 4096 2048 >"$DIR/one" || exit 1
sync
check "the snapshot is merged when the origin is activated again" eval '
	lvconvert -q -y --merge $P/snap && umount $DIR &&
	lvm_does "vgchange -q -an $P" "vgchange -q -ay $P" && wait_for lvs_are home'
check "the files are what they were when the snapshot was taken" mount_intact "$LV"
umount "$DIR" || exit 1
check "the data of each linear device lies where its table says" in_place
finish
