#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# User space sees the same device, whichever target serves it.
. "$(dirname "$0")/lib.sh"

# Not compared is what is meant to differ: dmsetup status ("guarded"), and the errors
# that dm-linear-guard(4) lists as stricter.
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

# Debian has it on x86 alone.
if [ "$(uname -m)" = x86_64 ] || why=$(modprobe --dry-run scsi_debug 2>&1); then
	# shellcheck disable=SC2046
	scsi_disk dif=1 dix=1 lbpu=1 lbpws=1 physblk_exp=3 dev_size_mb=16 $(atomic_option)
	whole "a SCSI disk" "$SCSI"
	part "a SCSI disk" "$SCSI"
	pair "a misaligned part of a SCSI disk" "0 4095 linear $SCSI 9"
	pair "disks of different limits" "0 8192 linear $SCSI 0
8192 8192 linear /dev/ram1 0"
else
	skipped 8 "there is no scsi_debug: $why"
fi

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
made=()
make() {
	dmsetup create "$P-$1" --table "$2" && made+=("$P-$1")
}
remove_made() {
	[ ${#made[@]} = 0 ] || remove "${made[@]}"
}
defer remove_made
takeover 0
for i in "${!names[@]}"; do
	make "s$i" "${tables[i]}" || exit 1
done
takeover 1
for i in "${!names[@]}"; do
	make "g$i" "${tables[i]}" || exit 1
done
devices=()
for i in "${!names[@]}"; do
	devices+=("/dev/mapper/$P-s$i" "/dev/mapper/$P-g$i")
done

# What there is to be known is asked once for all, as a process for each device would
# take much longer than its answer.  That a file of sysfs is not there, or cannot be
# read, is an answer, too.
everything() {
	local name kname files=()
	dmsetup info -c --noheadings --separator ' ' -o name,blkdevname >"$OUTPUT.knames"
	while read -r name kname; do
		[[ $name == "$P"-[sg][0-9]* ]] || continue
		echo "$name $kname"
		files+=("$kname"/{queue/,integrity/,ro,size,dax,capability}
			"$kname"/{alignment_offset,discard_alignment})
	done <"$OUTPUT.knames"
	dmsetup table
	dmsetup deps
	dmsetup info -c --noheadings --separator ' ' -o name,open,segments,attr
	lsblk --all --pairs --output-all
	blkid -p -i "${devices[@]}"
	# Each as a whole, wherever the other has got to.
	(cd /sys/block && grep -r . "${files[@]}" 2>"$OUTPUT.unread")
	cat "$OUTPUT.unread"
}

# by_device: of all that, what is about each device, in their order and with a byte 1
# behind it, names and numbers apart.
by_device() {
	awk -v prefix="$P-" -v count="${#names[@]}" '
		# The first name of a line is that of whom it is about.
		match($0, prefix "[sg][0-9]+") {
			name = substr($0, RSTART, RLENGTH)
			if (!(name in kname)) {
				kname[name] = $2
				name_of[$2] = name
				next
			}
		}
		!RSTART && match($0, /dm-[0-9]+\//) {
			name = name_of[substr($0, RSTART, RLENGTH - 1)]
		}
		RSTART {
			gsub(/(DISK-?SEQ|MAJ:MIN|MIN)="[ 0-9:]+"/, "")
			gsub(name, "NAME")
			gsub(kname[name], "KNAME")
			about[name] = about[name] $0 "\n"
		}
		END {
			for (i = 0; i < count; i++)
				printf "%s\001%s\001", about[prefix "s" i], about[prefix "g" i]
		}'
}
defer rm -f "$OUTPUT".{all,knames,unread,devices,ioctls,answer}
everything >"$OUTPUT.all" 2>&1
by_device <"$OUTPUT.all" >"$OUTPUT.devices"
mapfile -td $'\1' looks <"$OUTPUT.devices"
"$ioctls" "${devices[@]}" >"$OUTPUT.ioctls" 2>&1
mapfile -td '' answers <"$OUTPUT.ioctls"

# alike STOCK GUARDED: the texts, with something of all that was asked, are equal.
alike() {
	local part
	for part in " linear " dependencies 'KNAME="KNAME"' IO_SIZE= queue/ /size:; do
		[[ $1 == *"$part"* ]] || { echo "there is no '$part' in: $1"; return 1; }
	done
	same_text "$1" "$2"
}
for i in "${!names[@]}"; do
	check "a guarded device looks like a stock one on ${names[i]}" \
		alike "${looks[2 * i]}" "${looks[2 * i + 1]}"
	same "a guarded device answers ioctls like a stock one on ${names[i]}" \
		"${answers[2 * i]?}" "${answers[2 * i + 1]?}"
done
same "the second device of each pair is guarded" \
	"$((USERS + $(printf '%s\n' "${tables[@]}" | wc -l)))" "$(users)"

# ask TAKEOVER: sets SAID to what dmsetup says of each table, most of them bad.
ask() {
	local i text
	takeover "$1"
	SAID=()
	for i in "${!bad[@]}"; do
		dmsetup reload "$P-bad" ${options[i]:+"${options[i]}"} --table "${bad[i]}" \
			>"$OUTPUT.answer" 2>&1 && dmsetup clear "$P-bad"
		IFS= read -rd '' text <"$OUTPUT.answer"
		SAID+=("$text")
	done
}
create bad "0 8 linear /dev/ram0 0"
bad=() options=()
while IFS='|' read -r table option; do
	bad+=("$table")
	options+=("$option")
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
ask 0
stock=("${SAID[@]}")
ask 1
for i in "${!bad[@]}"; do
	same "table '${bad[i]}'${options[i]:+ with ${options[i]}} is answered as by the stock target" \
		"${stock[i]}" "${SAID[i]}"
done
finish
