#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# LVM: a mounted volume becomes a mirror, a RAID, cached, a snapshot, and back.
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

check "a volume" eval 'vgcreate -q $P $A $B && defer vgremove -q -f $P &&
	lvcreate -q -y -W n -Z n -L 12M -n home $P $A'
check "is written to" make_files "$LV"
for type in "mirror --mirrorlog core" raid1; do
	# shellcheck disable=SC2086
	check "it becomes a ${type%% *}" convert --type $type -m 1 "$LV" "$B"
	check "that is written to" write_more
	check "it becomes linear again" convert -m 0 "$LV" "$B"
	check "all is there" intact
done

# (A volume as the cache is more than forky's LVM can do without udev.)
check "it is cached" eval '
	lvcreate -q -y --type cache-pool -L 8M --poolmetadatasize 4M -n fast $P $B &&
	lvconvert -q -y --type cache --cachepool fast $LV'
check "and written to" write_more
check "and no longer cached" lvconvert -q -y --uncache "$LV"
check "all is there" remount "$LV"

check "a snapshot is taken" lvcreate -q -y -s -L 8M -n snap "$LV"
sectors 4096 4096 >"$DIR/one"
sync
check "and merged, when the busy origin is activated again" eval '
	lvconvert -q -y --merge $P/snap && umount $DIR && vgchange -q -an $P &&
	vgchange -q -ay $P && wait_for lvs_are home && mount $LV $DIR'
check "all is what it was" intact
umount "$DIR"
check "all of it lies where the tables say" in_place
finish
