#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# User space sees the same device, whichever target serves it.
. "$(dirname "$0")/lib.sh"

# Not compared is what is meant to differ: dmsetup status ("guarded"), and the errors
# that README lists as stricter.
ioctls=$(dirname "$0")/ioctls
names=() tables=()

# pair WHAT TABLE: make it once by each target.
pair() {
	names+=("$1")
	tables+=("$2")
}

# whole WHAT DEVICE, part WHAT DEVICE: the same for an identity map, which passes
# ioctls on, and for one at an offset.
whole() {
	pair "$1" "0 $(blockdev --getsz "$2") linear $2 0"
}

part() {
	pair "a part of $1" "0 8192 linear $2 8192"
}

plan 63
built ioctls
require lsblk mdadm sfdisk
ramdisks 7 16
hurry

whole "a RAM disk" /dev/ram0
part "a RAM disk" /dev/ram0
pair "a misaligned part of a RAM disk" "0 1001 linear /dev/ram0 23"

loop_device 1 --read-only
READ_ONLY=$LOOP
loop_device 16
partition "$LOOP" 2048,8192,83 --no-tell-kernel
partx -a "$LOOP" && defer partx -d "$LOOP"
whole "a partition" "${LOOP}p1"
loop_device 16
whole "a loop device" "$LOOP"

# shellcheck disable=SC2046
scsi_disk dif=1 dix=1 lbpu=1 lbpws=1 physblk_exp=3 dev_size_mb=16 $(atomic_option)
whole "a SCSI disk" "$SCSI"
part "a SCSI disk" "$SCSI"
pair "a misaligned part of a SCSI disk" "0 4095 linear $SCSI 9"
pair "disks of different limits" "0 8192 linear $SCSI 0
8192 8192 linear /dev/ram1 0"

target_disk
whole "a disk with reservations" "$SCSI"
part "a disk with reservations" "$SCSI"

null_disk n1 queue_mode=0 blocksize=4096 size=16
whole "a null_blk that takes bios" "$NULL"
first=$NULL
null_disk n2 queue_mode=2 blocksize=512 size=16 memory_backed=1 discard=1
part "a null_blk with discards" "$NULL"
pair "disks of different queues" "0 8192 linear $NULL 0
8192 8192 linear $first 0"
if grep -qw poll_queues /sys/kernel/config/nullb/features; then
	null_disk n4 queue_mode=2 size=16 submit_queues=1 poll_queues=1
	whole "a polled null_blk" "$NULL"
else
	skipped 2 "this kernel's null_blk cannot be polled"
fi
null_disk n3 queue_mode=2 size=64 zoned=1 zone_size=4 zone_nr_conv=2 memory_backed=1
whole "a zoned null_blk" "$NULL"
pair "zones of a null_blk" "0 16384 linear $NULL 8192"

why=$(modprobe -a nd_e820 nd_pmem 2>&1)
if [ -b /dev/pmem0 ]; then
	whole "a pmem disk" /dev/pmem0
	pair "a pmem disk and a RAM disk" "0 8192 linear /dev/pmem0 0
8192 8192 linear /dev/ram0 0"
else
	skipped 4 "there is no /dev/pmem0; ${why:-boot with memmap=352M!1G, for example}"
fi

create crypt "$(table crypt /dev/ram2 16384)"
whole "a crypt device" "/dev/mapper/$P-crypt"
create integrity "0 1024 integrity /dev/ram3 0 32 D 0"
whole "an integrity device" "/dev/mapper/$P-integrity"
array md71 /dev/ram4
whole "an md raid1 array" /dev/md71
mdadm --quiet --build /dev/md72 --run --force --level=0 --raid-devices=2 \
	/dev/ram5 /dev/ram6 &&
	defer stop_array md72
whole "an md raid0 array" /dev/md72

# All of them by the stock target first, then by the guard.
takeover 0
for i in "${!names[@]}"; do
	create "s$i" "${tables[i]}"
done
takeover 1
for i in "${!names[@]}"; do
	create "g$i" "${tables[i]}"
done

# What can be asked without a device's name is asked once for all: ABOUT are those
# of each name.
everything() {
	dmsetup table
	dmsetup deps
	dmsetup info -c --noheadings --separator ' ' -o name,open,segments,attr
	lsblk --pairs --output-all |
		sed -E 's/\b(DISK-?SEQ|MAJ:MIN|MIN)="[ 0-9:]+"//g'
}
declare -A ABOUT KNAMES
while IFS= read -r line; do
	if [[ $line =~ $P-[sg][0-9]+ ]]; then
		ABOUT[${BASH_REMATCH[0]}]+=$line$'\n'
	fi
done < <(everything)
while read -r name kname; do
	KNAMES[$name]=$kname
done < <(dmsetup info -c --noheadings --separator ' ' -o name,blkdevname)

# asked s|g NUMBER: all of that about one, blkid and sysfs, names and numbers apart.
# That a file of sysfs is not there, or cannot be read, is an answer, too.
asked() {
	local name=$P-$1$2 kname text
	kname=${KNAMES[$name]}
	text=$(
		echo "${ABOUT[$name]}"
		blkid -p -i "/dev/mapper/$name" 2>&1 | sed 's/ DISKSEQ="[0-9]*"//'
		cd "/sys/block/$kname" && grep -r . queue/ integrity/ ro size dax \
			alignment_offset discard_alignment capability 2>&1
	)
	text=${text//"$name"/NAME}
	echo "${text//"$kname"/KNAME}"
}

for i in "${!names[@]}"; do
	same "a guarded device looks like a stock one on ${names[i]}" \
		"$(asked s "$i")" "$(asked g "$i")"
	same "a guarded device answers ioctls like a stock one on ${names[i]}" \
		"$("$ioctls" "/dev/mapper/$P-s$i" 2>&1)" \
		"$("$ioctls" "/dev/mapper/$P-g$i" 2>&1)"
done
same "the second device of each pair is guarded" \
	"$((USERS + $(printf '%s\n' "${tables[@]}" | wc -l)))" "$(users)"

# said TAKEOVER TABLE [OPTION]: what dmsetup says of a table, most of them bad.
said() {
	takeover "$1"
	dmsetup reload "$P-bad" ${3:+"$3"} --table "$2" 2>&1 && dmsetup clear "$P-bad"
}
create bad "0 8 linear /dev/ram0 0"
while IFS='|' read -r table option; do
	same "table '$table'${option:+ with $option} is answered as by the stock target" \
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
