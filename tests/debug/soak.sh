#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Everything at once, for SOAK_MINUTES (1) at least, and until each kind of work has been
# done: no error, no leak, no growth.
# shellcheck source=tests/stacks.sh
. "$(dirname "$0")/../stacks.sh"

minutes=${SOAK_MINUTES:-1}
plan 21
built kills
require fio lvm mdadm mkswap
ramdisks 5 64
hurry
A=/dev/mapper/$P-a SWAP=/dev/mapper/$P-swap
DIR=$(mktemp -d /dev/shm/XXXXXX)
defer rm -r "$DIR"
truncate -s 2M "$DIR/disk"
defer dismantle v
defer dismantle w
defer dismantle d
defer remove_scsi_debug

# work NAME: call NAME until the end, in a shell of its own, and keep count of how often
# it succeeded, failed, and ended in ASIDE, which says nothing of the module.
ASIDE=99
work() {
	local name=$1 times=0 failed=0 aside=0 status
	until [ -e "$DIR/stop" ]; do
		if [ -e "$DIR/hold" ]; then
			touch "$DIR/$name.held"
			sleep 0.1
			continue
		fi
		status=0
		("$name") >"$DIR/$name.last" 2>&1 || status=$?
		case $status in
		0) times=$((times + 1)) ;;
		"$ASIDE") aside=$((aside + 1)) ;;
		*)
			failed=$((failed + 1))
			cp "$DIR/$name.last" "$DIR/$name.failed"
			;;
		esac
		echo "$times $failed $aside" >"$DIR/$name"
	done
}

# dismantle DEVICE: remove it, if it is there; it may go by itself meanwhile.
dismantle() {
	! exists "$P-$1" || dmsetup remove --retry "$P-$1" || ! exists "$P-$1"
}

# As much as comes to an end while tables change all the time and bugs are looked for.
io_on_linear() { verified $A --io_size=1M; }
io_on_thin() { verified "/dev/mapper/$P-thin" --io_size=1M; }
io_on_snapshot() { verified "/dev/mapper/$P-origin" --io_size=1M; }

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

# What has to be refused is refused, by the name that takeover does not change.
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
	! said=$(reload "$2" "$3" 2>&1) && echo "$said" && [[ $said == *"$1"* ]]
}

parameters() {
	local scopes=(all linear)
	set_to scope "${scopes[RANDOM % 2]}" && set_to max_depth $((8 + RANDOM % 24)) &&
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

# Swap on a device whose table is loaded again, and memory that is short.  The OOM killer
# may end dd where the device is suspended for long, which is no error of the module.
swapping() {
	local before status=0
	before=$(oom_kills)
	sh -c "echo \$\$ >$MEMORY/cgroup.procs &&
		exec dd if=/dev/zero of=/dev/null bs=24M count=2" || status=$?
	[ "$status" != 137 ] || [ "$(oom_kills)" = "$before" ] || return "$ASIDE"
	return "$status"
}
oom_kills() {
	sed -n 's/^oom_kill //p' "$MEMORY/memory.events"
}
swap_tables() {
	swap swap "0 65536 linear /dev/ram3 0"
}

# Loads and resumes that are killed at a random time.
kills() {
	"$(dirname "$0")/kills" "$P-k" "$A 0" 10 | tee -a "$DIR/killed"
	return "${PIPESTATUS[0]}"
}

# A device whose table is taken away, and given back.
victims() {
	dmsetup wipe_table "$P-victim" && swap victim "0 2048 linear /dev/ram0 0"
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
	# Remove what is still there, whichever way it went; v may be stacked on w by now.
	dmsetup clear "$P-v"
	dismantle w && dismantle v || return
	losetup --detach "$disk"
	wait_for fails losetup "$disk"
}

# An array that is built, and stopped between loads of tables that map onto it.
arrays() {
	fleeting_array md79 /dev/ram4 m "0.$((RANDOM % 10))"
}

# A disk that is unplugged while a device on it is read and loaded.
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
vgcreate -q "$P" "${LOOPS[0]}" >/dev/null || exit 1
defer vgremove -q -f "$P"
create a "0 32768 linear /dev/ram0 0" && create b "0 32768 linear $A 0" &&
	create c "0 2048 linear /dev/mapper/$P-b 0" && create k "0 2048 linear $A 0" &&
	create m "0 2048 linear /dev/ram0 0" && create victim "0 2048 linear /dev/ram0 0" &&
	create meta "0 8192 linear /dev/ram1 0" &&
	create data "0 98304 linear /dev/ram1 8192" &&
	create pool "0 98304 thin-pool /dev/mapper/$P-meta /dev/mapper/$P-data 128 0" &&
	dmsetup message "$P-pool" 0 "create_thin 0" &&
	create thin "0 32768 thin /dev/mapper/$P-pool 0" &&
	create base "0 32768 linear /dev/ram2 0" && create cow "0 65536 linear /dev/ram2 32768" &&
	create origin "0 32768 snapshot-origin /dev/mapper/$P-base" &&
	create swap "0 65536 linear /dev/ram3 0" && mkswap -q "$SWAP" && swapon "$SWAP" || exit 1
defer swapoff "$SWAP"
MEMORY=$(mktemp -d)
defer rmdir "$MEMORY"
needs cgroup2 mount -t cgroup2 none "$MEMORY"
defer umount "$MEMORY"
echo +memory >"$MEMORY/cgroup.subtree_control" && mkdir "$MEMORY/$P" || exit 1
MEMORY=$MEMORY/$P
defer rmdir "$MEMORY"
# A group that has more is slowed down; at memory.max, it would be killed.
echo 12M >"$MEMORY/memory.high" || exit 1

# Kernel memory in use, in KiB, of the kinds that cannot be had back; without what the
# allocator, and KASAN, keep of what has been freed.
unreclaimable() {
	local cache
	echo 3 >/proc/sys/vm/drop_caches
	for cache in /sys/kernel/slab/*; do
		[ -L "$cache" ] || [ ! -e "$cache/shrink" ] || echo 1 >"$cache/shrink"
	done
	awk '/^SUnreclaim/ { print $2 }' /proc/meminfo
}

workers=(io_on_linear io_on_thin io_on_snapshot live_tables refusals parameters
	snapshots volumes swapping swap_tables kills victims vanishing
	arrays disks)
swap_stat=/sys/block/$(number_of "$SWAP")/stat
swapped_out() {
	local writes
	read -r _ _ _ _ writes _ <"$swap_stat"
	echo "$writes"
}

# have_worked WORKER...: each has succeeded since the last rest, and some loads were
# killed and some finished; or one has failed, so that the test has failed.
declare -A SINCE
have_worked() {
	local worker times failed
	for worker; do
		[ -e "$DIR/$worker" ] && read -r times failed _ <"$DIR/$worker" || return
		[ "$failed" = 0 ] || return 0
		[ "$times" -gt "${SINCE[$worker]-0}" ] || return
	done
	grep -q killed "$DIR/killed" && grep -q finished "$DIR/killed"
}

# rest: have all workers pause, until the file hold is removed.
rest() {
	local worker
	touch "$DIR/hold"
	for worker in "${workers[@]}"; do
		wait_for [ -e "$DIR/$worker.held" ]
		read -r "SINCE[$worker]" _ <"$DIR/$worker"
	done
}

loops=$(counter loops_refused) writes=$(swapped_out)
pids=()
: >"$DIR/killed"
since=$SECONDS
for worker in "${workers[@]}"; do
	work "$worker" &
	pids+=($!)
done
wait_for have_worked "${workers[@]}"
rest
early=$(unreclaimable)
rm "$DIR/hold"
left=$((minutes * 60 - (SECONDS - since)))
[ "$left" -le 0 ] || sleep "$left"
# What loads tables; the rest takes too long to wait for twice.
wait_for have_worked live_tables refusals swap_tables kills victims
touch "$DIR/stop"
wait "${pids[@]}"

has_worked() {
	[ "$failed" = 0 ] || cat "$DIR/$1.failed"
	[ "$times" -gt 0 ] && [ "$failed" = 0 ]
}
for worker in "${workers[@]}"; do
	times=0 failed=0 aside=0
	[ ! -e "$DIR/$worker" ] || read -r times failed aside <"$DIR/$worker"
	echo "# $worker: $times successes, $failed failures, $aside OOM kills"
	check "worker $worker succeeds at least once and never fails" has_worked "$worker"
done
killed=$(grep -c killed "$DIR/killed") finished=$(grep -c finished "$DIR/killed")
echo "# $killed loads were killed, $finished were not;" \
	"$(($(counter loops_refused) - loops)) loops refused in $((SECONDS - since)) seconds"
check "some loads are killed and some finish" [ "$killed" -gt 0 -a "$finished" -gt 0 ]
check "loops are refused during the soak" [ "$(counter loops_refused)" -gt "$loops" ]
check "memory is swapped out to a mapped device during the soak" \
	[ "$(swapped_out)" -gt "$writes" ]
check_leaks
# What is freed in the background may take a while.
memory_is_back() {
	late=$(unreclaimable)
	[ "$late" -lt $((early + early / 10 + 2048)) ]
}
check "kernel memory does not grow during the soak" wait_for memory_is_back
echo "# kernel memory: from $early to $late KiB"
check "loops and bad tables are refused after the soak" refusals
finish
