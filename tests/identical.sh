#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# User space sees the same device, whichever target serves it.
. "$(dirname "$0")/lib.sh"

# What is meant to differ, and is not compared: dmsetup status ("guarded"), and
# the errors that README lists as stricter.
ioctls=$(dirname "$0")/ioctls
names=() tables=()

# pair NAME TABLE: to be made once with either target.
pair() {
	names+=("$1")
	tables+=("$2")
}

# whole NAME DEVICE, part NAME DEVICE: the same for an identity map, which
# passes ioctls on, and for one at an offset.
whole() {
	pair "$1" "0 $(blockdev --getsz "$2") linear $2 0"
}

part() {
	pair "$1, part" "0 8192 linear $2 8192"
}

plan 63
[ -x "$ioctls" ] || skip "ioctls is not built"
require lsblk mdadm sfdisk
ramdisks 7 16
without_udev
hurry

whole "RAM disk" /dev/ram0
part "RAM disk" /dev/ram0
pair "RAM disk, misaligned" "0 1001 linear /dev/ram0 23"

loop_device 1 --read-only
READ_ONLY=$LOOP
loop_device 16
partition "$LOOP" 2048,8192,83 --no-tell-kernel
partx -a "$LOOP" && defer partx -d "$LOOP"
whole "partition" "${LOOP}p1"
loop_device 16
whole "loop device" "$LOOP"

# shellcheck disable=SC2046
scsi_disk dif=1 dix=1 lbpu=1 lbpws=1 physblk_exp=3 dev_size_mb=16 $(atomic_option)
whole "SCSI disk" "$SCSI"
part "SCSI disk" "$SCSI"
pair "SCSI disk, misaligned" "0 4095 linear $SCSI 9"
pair "mixed limits" "0 8192 linear $SCSI 0
8192 8192 linear /dev/ram1 0"

target_disk
whole "disk with reservations" "$SCSI"
part "disk with reservations" "$SCSI"

null_disk n1 queue_mode=0 blocksize=4096 size=16
whole "null_blk, bio" "$NULL"
first=$NULL
null_disk n2 queue_mode=2 blocksize=512 size=16 memory_backed=1 discard=1
part "null_blk, discard" "$NULL"
pair "mixed queues" "0 8192 linear $NULL 0
8192 8192 linear $first 0"
if grep -qw poll_queues /sys/kernel/config/nullb/features; then
	null_disk n4 queue_mode=2 size=16 submit_queues=1 poll_queues=1
	whole "null_blk, polled" "$NULL"
else
	skipped 2 "this kernel's null_blk cannot be polled"
fi
null_disk n3 queue_mode=2 size=64 zoned=1 zone_size=4 zone_nr_conv=2 memory_backed=1
whole "null_blk, zoned" "$NULL"
pair "null_blk, zones" "0 16384 linear $NULL 8192"

modprobe -qa nd_e820 nd_pmem
if [ -b /dev/pmem0 ]; then
	whole "pmem" /dev/pmem0
	pair "pmem and not" "0 8192 linear /dev/pmem0 0
8192 8192 linear /dev/ram0 0"
else
	skipped 4 "no /dev/pmem0; boot with memmap=352M!1G, for example"
fi

create crypt "$(table crypt /dev/ram2 16384)"
whole "crypt" "/dev/mapper/$P-crypt"
create integrity "0 1024 integrity /dev/ram3 0 32 D 0"
whole "integrity" "/dev/mapper/$P-integrity"
array md71 /dev/ram4
whole "md raid1" /dev/md71
mdadm --quiet --build /dev/md72 --run --force --level=0 --raid-devices=2 \
	/dev/ram5 /dev/ram6 &&
	defer stop_array md72
whole "md raid0" /dev/md72

# All of them by the stock target first: what can be asked without a device's
# name is asked once for all.
takeover 0
for i in "${!names[@]}"; do
	create "s$i" "${tables[i]}"
done
takeover 1
for i in "${!names[@]}"; do
	create "g$i" "${tables[i]}"
done
dir=$(mktemp -d)
defer rm -r "$dir"
dmsetup table >"$dir/table"
dmsetup deps >"$dir/deps"
dmsetup info -c --noheadings --separator ' ' -o name,open,segments,attr >"$dir/info"
lsblk --pairs --output-all >"$dir/lsblk"
dmsetup info -c --noheadings --separator ' ' -o name,blkdevname >"$dir/numbers"

# asked s|g NUMBER: all of that about one, and sysfs, names and numbers apart.
asked() {
	local name=$P-$1$2 number
	number=$(sed -n "s/^$name //p" "$dir/numbers")
	{
		grep -h "^$name\b" "$dir"/{table,deps,info}
		blkid -p -i "/dev/mapper/$name"
		grep " NAME=\"$name\"" "$dir/lsblk"
		cd "/sys/block/$number" && grep -rs . queue/ integrity/ ro size dax \
			alignment_offset discard_alignment capability
	} | sed -E "s/$name/NAME/g; s/$number/KNAME/g; s/\b(DISK-?SEQ|MAJ:MIN|MIN)=\"[ 0-9:]+\"//g"
}

for i in "${!names[@]}"; do
	same "${names[i]}: looks the same" "$(asked s "$i")" "$(asked g "$i")"
	same "${names[i]}: answers the same" \
		"$("$ioctls" "/dev/mapper/$P-s$i" 2>&1)" \
		"$("$ioctls" "/dev/mapper/$P-g$i" 2>&1)"
done
same "the second of each pair is served by the guard" \
	"$((USERS + $(printf '%s\n' "${tables[@]}" | wc -l)))" "$(users)"

# Bad tables, and what dmsetup says of them.
create bad "0 8 linear /dev/ram0 0"
said() {
	takeover "$1"
	dmsetup reload "$P-bad" ${3:+"$3"} --table "$2" 2>&1
	dmsetup clear "$P-bad"
}
while IFS='|' read -r table option; do
	same "'$table' $option is answered the same" \
		"$(said 0 "$table" "$option")" "$(said 1 "$table" "$option")"
done <<-EOF
	0 8 linear
	0 8 linear /dev/ram0
	0 8 linear /dev/ram0 0 0
	0 8 linear /dev/none 0
	0 8 linear /dev/null 0
	0 8 linear /dev 0
	0 8 linear 1:0 0
	0 8 linear 1: 0
	0 8 linear 300:300 0
	0 8 linear /dev/ram0 x
	0 8 linear /dev/ram0 -1
	0 8 linear /dev/ram0 1x
	0 0 linear /dev/ram0 0
	1 8 linear /dev/ram0 0
	0 8 linear $READ_ONLY 0
	0 8 linear $READ_ONLY 0|--readonly
EOF
finish
