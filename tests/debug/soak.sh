#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Everything at once, for SOAK_MINUTES (1): no error, no leak, no growth.
# shellcheck source=tests/stacks.sh
. "$(dirname "$0")/../stacks.sh"

minutes=${SOAK_MINUTES:-1}
plan 21
[ -x "$(dirname "$0")/kills" ] || skip "kills is not built"
require fio lvm mdadm mkswap
ramdisks 5 64
without_udev
hurry
A=/dev/mapper/$P-a SWAP=/dev/mapper/$P-swap
DIR=$(mktemp -d /dev/shm/XXXXXX)
defer rm -r "$DIR"
truncate -s 2M "$DIR/disk"
defer dismantle v
defer dismantle w
defer dismantle d
defer remove_scsi_debug

# work NAME: call NAME until the end, and keep count of how often it was called,
# and how often it failed.
work() {
	local name=$1 times=0 failed=0
	until [ -e "$DIR/stop" ]; do
		if "$name" >"$DIR/$name.last" 2>&1; then
			times=$((times + 1))
		else
			failed=$((failed + 1))
			cp "$DIR/$name.last" "$DIR/$name.failed"
		fi
		echo "$times $failed" >"$DIR/$name"
	done
}

# dismantle DEVICE: remove it, if it is there.
dismantle() {
	! dmsetup info "$P-$1" >/dev/null 2>&1 || dmsetup remove --retry "$P-$1"
}

io_on_linear() { verified $A; }
io_on_thin() { verified "/dev/mapper/$P-thin"; }
io_on_snapshot() { verified "/dev/mapper/$P-origin"; }

# The same blocks, by another table each time.
live_tables() {
	local n=$((1 + RANDOM % 16)) size i
	size=$((32768 / n / 8 * 8))
	for ((i = 0; i < n; i++)); do
		[ $((i + 1)) -lt $n ] || size=$((32768 - i * size))
		[ $i -gt 0 ] || first=$size
		echo "$((i * first)) $size linear /dev/ram0 $((i * first))"
	done | dmsetup reload "$P-a" && dmsetup resume "$P-a"
}

# What has to be refused is; by the name that does not go with the takeover.
refusals() {
	local on_c="0 2048 linear-guard /dev/mapper/$P-c 0"
	local too_far="0 2048 linear-guard /dev/ram0 99999999999999999999"
	ends_in "$ELOOP" a "$on_c" && ends_in "$ELOOP" b "$on_c" &&
		ends_in "$EINVAL" c "$on_c" && ends_in "$EINVAL" a "$too_far" &&
		ends_in "$EINVAL" a "0 2048 linear-guard /dev/ram0"
}
# ends_in ERROR DEVICE TABLE
ends_in() {
	local said
	! said=$(reload "$2" "$3" 2>&1) && echo "$said" && grep -qF "$1" <<<"$said"
}

parameters() {
	set_to scope "$([ $((RANDOM % 2)) = 0 ] && echo all || echo linear)" &&
		set_to max_depth $((8 + RANDOM % 24)) &&
		takeover $((RANDOM % 4 > 0)) && takeover 1
}

# A snapshot comes, is written to, and goes.
snapshots() {
	dmsetup create "$P-snap" --table \
		"0 32768 snapshot /dev/mapper/$P-base /dev/mapper/$P-cow N 8" &&
		dd if=/dev/urandom of="/dev/mapper/$P-snap" bs=64k count=4 oflag=direct status=none &&
		dmsetup remove --retry "$P-snap"
}

# LVM makes, grows and removes a volume.
volumes() {
	lvcreate -q -y -W n -Z n -L 4M -n volume "$P" &&
		lvextend -q -L 8M "$P/volume" && lvremove -q -f "$P/volume"
}

# Swap on a device whose table is loaded again, and memory that is short.
swapping() {
	sh -c "echo \$\$ >$MEMORY/cgroup.procs &&
		exec dd if=/dev/zero of=/dev/null bs=24M count=2"
}
swap_tables() {
	swap swap "0 65536 linear /dev/ram3 0"
}

# Loads and resumes that are killed at any moment.
kills() {
	"$(dirname "$0")/kills" "$P-k" "$A 0" 10 | tee -a "$DIR/killed"
}

# A device whose table is taken away, and given back.
victims() {
	dmsetup wipe_table "$P-victim"
	swap victim "0 2048 linear /dev/ram0 0"
}

# A disk, or a device on it, that goes away while loads and reads of it are on
# their way; the loads end as they end.
vanishing() {
	local disk pid i
	disk=$(losetup --find --show "$DIR/disk") &&
		dmsetup create "$P-v" --table "0 2048 linear $disk 0" &&
		dmsetup create "$P-w" --table "0 2048 linear /dev/mapper/$P-v 0" || return
	for i in 1 2 3; do
		reload v "0 2048 linear /dev/mapper/$P-w 0"
		reload w "0 2048 linear $disk 0"
		dd if="/dev/mapper/$P-w" of=/dev/null bs=4k count=64
		dmsetup resume "$P-w"
	done &
	pid=$!
	sleep "0.$((RANDOM % 10))"
	case $((RANDOM % 3)) in
	0) losetup --detach "$disk" ;;
	1) dmsetup remove --force "$P-v" ;;
	2) dmsetup remove --deferred "$P-w" ;;
	esac
	wait "$pid"
	# What is still there, by whatever way it went; v may have come to stand on w.
	dmsetup clear "$P-v"
	dismantle w && dismantle v || return
	losetup --detach "$disk"
	wait_for fails losetup "$disk"
}

# An array that is built, and stopped between loads of tables that map onto it.
arrays() {
	fleeting_array md79 /dev/ram4 m "0.$((RANDOM % 10))"
}

# A disk that is unplugged, under reads and loads of what stands on it.
disks() {
	local pid status=0
	scsi_disk dev_size_mb=8 &&
		dmsetup create "$P-d" --table "0 2048 linear $SCSI 0" || return
	for _ in 1 2 3 4; do
		dd if="/dev/mapper/$P-d" of=/dev/null bs=4k count=64 iflag=direct &
		reload d "0 2048 linear $SCSI 0"
		dmsetup clear "$P-d"
		wait $!
	done &
	pid=$!
	sleep "$((RANDOM % 2)).$((RANDOM % 10))"
	echo 1 >"/sys/block/${SCSI#/dev/}/device/delete" || status=1
	wait "$pid"
	dismantle d && remove_scsi_debug && return "$status"
}

lvm_on 48
vgcreate -q "$P" "${LOOPS[0]}" >/dev/null
defer vgremove -q -f "$P"
create a "0 32768 linear /dev/ram0 0"
create b "0 32768 linear $A 0"
create c "0 2048 linear /dev/mapper/$P-b 0"
create k "0 2048 linear $A 0"
create m "0 2048 linear /dev/ram0 0"
create victim "0 2048 linear /dev/ram0 0"
create meta "0 8192 linear /dev/ram1 0"
create data "0 98304 linear /dev/ram1 8192"
create pool "0 98304 thin-pool /dev/mapper/$P-meta /dev/mapper/$P-data 128 0"
dmsetup message "$P-pool" 0 "create_thin 0"
create thin "0 32768 thin /dev/mapper/$P-pool 0"
create base "0 32768 linear /dev/ram2 0"
create cow "0 65536 linear /dev/ram2 32768"
create origin "0 32768 snapshot-origin /dev/mapper/$P-base"
create swap "0 65536 linear /dev/ram3 0"
mkswap -q "$SWAP" 2>/dev/null
swapon "$SWAP"
defer swapoff "$SWAP"
MEMORY=$(mktemp -d)
mount -t cgroup2 none "$MEMORY"
defer eval "umount $MEMORY && rmdir $MEMORY"
echo +memory >"$MEMORY/cgroup.subtree_control"
defer rmdir "$MEMORY/$P"
MEMORY=$MEMORY/$P
mkdir "$MEMORY"
echo 12M >"$MEMORY/memory.max"

# Kernel memory in use, in KiB, of the kinds that cannot be had back.
unreclaimable() {
	echo 3 >/proc/sys/vm/drop_caches
	awk '/^SUnreclaim/ { print $2 }' /proc/meminfo
}

workers=(io_on_linear io_on_thin io_on_snapshot live_tables refusals parameters
	snapshots volumes swapping swap_tables kills victims vanishing
	arrays disks)
swapped_out() {
	awk '{ print $5 }' "/sys/block/$(number_of "$SWAP")/stat"
}
before=$(counter loops_refused) writes=$(swapped_out)
pids=()
for worker in "${workers[@]}"; do
	work "$worker" &
	pids+=($!)
done
sleep $((minutes * 12))
early=$(unreclaimable)
sleep $((minutes * 48))
late=$(unreclaimable)
touch "$DIR/stop"
wait "${pids[@]}"

for worker in "${workers[@]}"; do
	times=0 failed=1
	read -r times failed <"$DIR/$worker"
	check "$worker: $times times, $failed errors" \
		[ "$times" -gt 0 -a "$failed" = 0 ]
	[ "$failed" = 0 ] || sed 's/^/# /' "$DIR/$worker.failed"
done
echo "# $(($(counter loops_refused) - before)) loops refused in $minutes minutes;" \
	"kernel memory from $early to $late KiB"
killed=$(grep -c killed "$DIR/killed")
check "there were loads that were killed, $killed, and some that were not" \
	[ "$killed" -gt 0 -a "$(grep -c finished "$DIR/killed")" -gt 0 ]
check "loops were refused" [ "$(counter loops_refused)" -gt "$before" ]
check "there was swapping" [ "$(swapped_out)" -gt "$writes" ]
check_leaks
check "kernel memory does not grow" [ "$late" -lt $((early + early / 10 + 2048)) ]
check "a loop is refused still" refusals
finish
