# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the tests share.  Each sources this, calls plan, and ends in finish.
# The module is the one that is loaded, else $DM_LINEAR_GUARD_KO, else what
# modprobe finds.

# shellcheck source=/dev/null
. "$(dirname "${BASH_SOURCE[0]}")/../kselftest/ktap_helpers.sh"

MODULE=dm_linear_guard
PARAMS=/sys/module/$MODULE/parameters
# Unique, so that tests can share a machine with real devices.
P=dlg$$

skip() {
	ktap_skip_all "$*"
	exit "$KSFT_SKIP"
}

require() {
	local program
	for program; do
		command -v "$program" >/dev/null || skip "no $program"
	done
}

# Commands to run at the end, last first; each that fails fails the test.
DEFERRED=()
defer() {
	DEFERRED+=("$(printf '%q ' "$@")")
}

clean_up() {
	local status=$? i
	trap - EXIT
	for ((i = ${#DEFERRED[@]} - 1; i >= 0; i--)); do
		eval "${DEFERRED[i]}" || {
			echo "# cleaning up failed: ${DEFERRED[i]}"
			status=$KSFT_FAIL
		}
	done
	if dmsetup ls | grep "$P"; then
		echo "# devices are left"
		status=$KSFT_FAIL
	fi
	if [ -e "/sys/module/$MODULE" ] && [ "$(users)" != "$USERS" ]; then
		echo "# the module had $USERS users and has $(users)"
		status=$KSFT_FAIL
	fi
	exit "$status"
}

# How many tables (and running loads) use the module.
users() {
	cat "/sys/module/$MODULE/refcnt"
}

load_module() {
	if [ -n "$DM_LINEAR_GUARD_KO" ]; then
		insmod "$DM_LINEAR_GUARD_KO" "$@"
	else
		modprobe dm-linear-guard "$@"
	fi
}

# set_to PARAMETER VALUE: put back at the end, by plan.
set_to() {
	echo "$2" >"$PARAMS/$1"
}

takeover() {
	set_to takeover "$1"
}

# counter NAME: how often the module has done that.
counter() {
	cat "$PARAMS/$1"
}

plan() {
	[ "$(id -u)" = 0 ] || skip "not root"
	require dmsetup
	[ -e "/sys/module/$MODULE" ] || {
		load_module || skip "cannot load the module"
		defer rmmod "$MODULE"
	}
	local parameter
	for parameter in takeover scope max_depth; do
		defer set_to "$parameter" "$(cat "$PARAMS/$parameter")"
	done
	USERS=$(users)
	OUTPUT=$(mktemp)
	defer rm "$OUTPUT"
	trap clean_up EXIT
	trap 'exit 1' INT TERM
	ktap_print_header
	ktap_set_plan "$1"
}

finish() {
	ktap_finished
}

# check DESCRIPTION COMMAND...: passes if the command succeeds.
check() {
	local description=$1
	shift
	# Not in a subshell: what the command defers has to last.
	if "$@" >"$OUTPUT" 2>&1; then
		ktap_test_pass "$description"
	else
		ktap_test_fail "$description"
		{ echo "command: $*"; cat "$OUTPUT"; } | head -n 40 | sed 's/^/# /'
	fi
}

# skipped COUNT WHY: that many checks are not made.
skipped() {
	local i
	for ((i = 0; i < $1; i++)); do
		ktap_test_skip "$2"
	done
}

# same DESCRIPTION WANTED GOT: passes if the two texts are equal.
same() {
	check "$1" same_text "$2" "$3"
}

# fails COMMAND...: succeeds if the command does not.
fails() {
	! "$@"
}

same_text() {
	[ "$1" = "$2" ] || diff <(echo "$1") <(echo "$2")
}

# What dmsetup says of the two errors that the guard refuses with.
# shellcheck disable=SC2034
EINVAL="Invalid argument" ELOOP="Too many levels of symbolic links"

# refused DESCRIPTION ERROR PHRASE COMMAND...: passes if the command fails,
# says ERROR, and the kernel says PHRASE of a linear target, or the guard says
# it of any, meanwhile.
refused() {
	check "$1" refuses "${@:2}"
}

refuses() {
	local error=$1 phrase=$2 mark output log i
	# Ten such lines in five seconds are all that the kernel logs.
	for i in 0 5; do
		sleep "$i"
		mark=$P.$RANDOM.$RANDOM
		echo "$mark" >/dev/kmsg
		output=$("${@:3}" 2>&1) && {
			echo "this was accepted"
			return 1
		}
		log=$(dmesg | sed "1,/$mark/d")
		if [[ $output != *"$error"* ]]; then
			break
		elif kernel_says "$phrase" <<<"$log"; then
			return 0
		fi
	done
	echo "$output" "$log"
	return 1
}

kernel_says() {
	grep -qF -e ": linear: $1" -e ": linear-guard: $1"
}

# create NAME TABLE [OPTION...]: make a mapped device, removed at the end.
create() {
	local name=$P-$1 table=$2
	shift 2
	dmsetup create "$name" --table "$table" "$@" || return
	defer remove_device "$name"
}

remove_device() {
	dmsetup info "$1" >/dev/null 2>&1 || return 0
	dmsetup resume "$1"
	dmsetup remove --retry "$1"
}

# reload NAME TABLE: put a table into the inactive slot.
reload() {
	dmsetup reload "$P-$1" --table "$2"
}

# swap NAME TABLE: reload and resume, so that the table is live.
swap() {
	reload "$@" && dmsetup resume "$P-$1"
}

# ramdisks NUMBER MEBIBYTES: /dev/ram0 and on, empty, gone at the end.
ramdisks() {
	[ ! -e /dev/ram0 ] || skip "RAM disks are in use"
	modprobe brd rd_nr="$1" rd_size=$(($2 * 1024)) 2>/dev/null ||
		skip "no RAM disks"
	udevadm settle
	defer rmmod brd
}

# loop_device MEBIBYTES [OPTION...]: sets LOOP to one on a file in memory.
loop_device() {
	local file
	require losetup
	modprobe -q loop
	file=$(mktemp "/dev/shm/$P.XXXXXX")
	defer rm "$file"
	truncate -s "$1M" "$file"
	LOOP=$(losetup --find --show "${@:2}" "$file" 2>/dev/null) || skip "no loop devices"
	defer losetup --detach "$LOOP"
}

# pmem_disk MEBIBYTES: sets PMEM to persistent memory of at least that size.
pmem_disk() {
	PMEM=/dev/pmem0
	modprobe -qa nd_e820 nd_pmem
	udevadm settle
	[ "$(blockdev --getsz "$PMEM" 2>/dev/null)" -ge $(($1 * 2048)) ] 2>/dev/null ||
		skip "no $PMEM of $1 MiB; boot with memmap=352M!1G, for example"
	! grep -q "^$PMEM" /proc/mounts || skip "$PMEM is in use"
}

# null_disk NAME ATTRIBUTE=VALUE...: sets NULL to one of null_blk's.
null_disk() {
	local dir=/sys/kernel/config/nullb/$P-$1 setting
	if [ ! -d /sys/kernel/config/nullb ]; then
		[ ! -e /sys/module/null_blk ] || skip "null_blk is in use"
		modprobe null_blk nr_devices=0 2>/dev/null || skip "no null_blk"
		defer rmmod null_blk
		mount_configfs
	fi
	mkdir "$dir"
	defer rmdir "$dir"
	for setting in "${@:2}"; do
		echo "${setting#*=}" >"$dir/${setting%=*}" ||
			skip "null_blk has no $setting"
	done
	echo 1 >"$dir/power"
	# Newer kernels name the disk as its directory.
	# shellcheck disable=SC2034
	if [ -e "/sys/block/$P-$1" ]; then
		NULL=/dev/$P-$1
	else
		NULL=/dev/nullb$(cat "$dir/index")
	fi
}

mount_configfs() {
	mountpoint -q /sys/kernel/config ||
		mount -t configfs configfs /sys/kernel/config
}

mount_tracefs() {
	mountpoint -q /sys/kernel/tracing || {
		mount -t tracefs tracefs /sys/kernel/tracing &&
			defer umount /sys/kernel/tracing
	}
}

# scsi_disk OPTION...: sets SCSI to one of scsi_debug's.
scsi_disk() {
	[ ! -e /sys/module/scsi_debug ] || skip "scsi_debug is in use"
	modprobe -q sd_mod
	modprobe scsi_debug "$@" 2>/dev/null || skip "no scsi_debug"
	defer remove_scsi_debug
	find_scsi_disk scsi_debug
}

# Its disks first: 7.2's forgets their target behind its own back, and follows a
# NULL pointer if the module has gone on to remove what that stood in.
remove_scsi_debug() {
	[ -e /sys/module/scsi_debug ] || return 0
	echo -1 >/sys/bus/pseudo/drivers/scsi_debug/add_host
	wait_for fails compgen -G "/sys/kernel/debug/scsi_debug/target*:0" >/dev/null
	rmmod scsi_debug
}

# find_scsi_disk MODEL: sets SCSI to the first disk of that model that there is or
# will be.
find_scsi_disk() {
	local model
	model=$(wait_for eval "grep -ls $1 /sys/block/sd*/device/model") ||
		skip "no SCSI disk, $1"
	model=${model%%/device/model*}
	# shellcheck disable=SC2034
	SCSI=/dev/${model##*/}
}

# target_disk: sets SCSI to a disk of the kernel's own SCSI target, which keeps
# reservations.
target_disk() {
	local config=/sys/kernel/config/target disk port dir
	[ ! -e /sys/module/tcm_loop ] || skip "the SCSI target is in use"
	modprobe -qa sd_mod target_core_mod || skip "no SCSI target"
	defer modprobe -qr tcm_loop
	mount_configfs
	# It keeps reservations in a file.
	dir=$(mktemp -d)
	defer rm -r "$dir"
	mkdir "$dir/pr"
	echo "$dir" >"$config/dbroot"
	modprobe -q tcm_loop || skip "no SCSI target"
	disk=$config/core/rd_mcp_77/$P
	defer rmdir "${disk%/*}"
	mkdir -p "$disk"
	defer rmdir "$disk"
	echo rd_pages=4096 >"$disk/control"
	echo 1 >"$disk/enable"
	port=$config/loopback/naa.5001405000000077/tpgt_1
	mkdir -p "$port/lun/lun_0"
	defer rmdir "$port/lun/lun_0" "$port" "${port%/*}" "$config/loopback"
	echo naa.5001405000000078 >"$port/nexus"
	ln -s "$disk" "$port/lun/lun_0/disk"
	defer rm "$port/lun/lun_0/disk"
	find_scsi_disk RAMDISK
}

# array NAME DEVICE: an md array of that one mirror, stopped at the end.
array() {
	mdadm --quiet --build "/dev/$1" --run --force --level=1 \
		--raid-devices=1 "$2" && defer stop_array "$1"
}

# fleeting_array NAME DEVICE MAPPED SECONDS: build one on DEVICE, and stop it after
# that long, between loads of tables for MAPPED that map onto it.  Who opens its
# node later makes a new one, so that it is no sign that it has gone.
fleeting_array() {
	local file status=0
	file=$(mktemp "/dev/shm/$P.XXXXXX")
	mdadm --quiet --build "/dev/$1" --run --force --level=1 --raid-devices=1 "$2" ||
		status=1
	while [ -e "$file" ]; do
		reload "$3" "0 2048 linear /dev/$1 0"
		dmsetup clear "$P-$3"
	done &
	sleep "$4"
	wait_for mdadm --quiet --stop "/dev/$1" || status=1
	rm "$file"
	wait $!
	return "$status"
}

stop_array() {
	[ ! -e "/sys/block/$1/md" ] || mdadm --quiet --stop "/dev/$1"
}

# partition DEVICE LINES [OPTION...]: write a table, whoever looks at the device.
partition() {
	sfdisk -q --force --no-reread "${@:3}" "$1" <<<"$2" >/dev/null
}

# start_io DEVICE SIZE: until finish_io, rounds of fio that write SIZE to the
# first 8 MiB of it, and verify; io_rounds says how many there have been.
start_io() {
	IO=$(mktemp -d)
	defer rm -r "$IO"
	write_and_verify "$@" >"$IO/output" 2>&1 &
	IO_PID=$!
	defer finish_io
}

# verified DEVICE [OPTION...]: what fio writes to its first 8 MiB can be read.
verified() {
	fio --name=io --filename="$1" --size=8M --bs=4k --rw=randwrite --direct=1 \
		--ioengine=libaio --iodepth=4 --verify=crc32c --verify_fatal=1 \
		--do_verify=1 --minimal --output=/dev/null "${@:2}"
}

write_and_verify() {
	local rounds=0
	until [ -e "$IO/stop" ]; do
		verified "$1" --io_size="$2" --randseed=$((rounds + 1)) || return
		rounds=$((rounds + 1))
		echo "$rounds" >"$IO/rounds"
	done
}

io_rounds() {
	cat "$IO/rounds" 2>/dev/null || echo 0
}

finish_io() {
	touch "$IO/stop"
	wait "$IO_PID"
}

# atomic_option: what makes a disk of scsi_debug do atomic writes, if anything.
atomic_option() {
	modinfo -p scsi_debug | sed -n 's/^atomic_wr:.*/atomic_wr=1/p'
}

# Targets that stand on a device.  What they need besides is on /dev/ram1 and
# /dev/ram2, which are to be emptied before: empty_ramdisks.
# shellcheck disable=SC2034
TARGETS=(striped crypt delay snapshot-origin snapshot thin-pool mirror raid
	writecache cache)

# table TARGET DEVICE SECTORS: a table of that many on the device.
table() {
	case $1 in
	linear) set -- "$@" "$2 0" ;;
	delay) set -- "$@" "$2 0 0" ;;
	striped) set -- "$@" "1 8 $2 0" ;;
	crypt) set -- "$@" "aes-xts-plain64 $(printf '%032x' 1 2) 0 $2 0" ;;
	snapshot-origin) set -- "$@" "$2" ;;
	snapshot) set -- "$@" "$2 /dev/ram1 N 8" ;;
	thin-pool) set -- "$@" "/dev/ram1 $2 128 0" ;;
	mirror) set -- "$@" "core 2 1024 nosync 2 $2 0 /dev/ram1 0" ;;
	raid) set -- "$@" "raid1 3 0 region_size 1024 2 - $2 - /dev/ram1" ;;
	writecache) set -- "$@" "s $2 /dev/ram1 4096 0" ;;
	cache) set -- "$@" "/dev/ram1 /dev/ram2 $2 128 1 writethrough default 0" ;;
	*) return 1 ;;
	esac
	echo "0 $3 $1 $4"
}

empty_ramdisks() {
	local device
	for device in /dev/ram[0-9]*; do
		dd if=/dev/zero of="$device" bs=4k count=1 oflag=direct status=none
	done
}

# wait_for COMMAND...: until it succeeds, for half a minute.
wait_for() {
	for _ in {1..300}; do
		! "$@" || return 0
		sleep 0.1
	done
	return 1
}

# make_bcache DEVICE: put a bcache on it, and say which.
make_bcache() {
	make-bcache --wipe-bcache -B "$1" >/dev/null &&
		echo "$1" >/sys/fs/bcache/register &&
		ls "/sys/block/$(number_of "$1")/holders"
}

# stop_bcache NAME: stop it, and wait for it to be gone.
stop_bcache() {
	echo 1 >"/sys/block/$1/bcache/stop" && wait_for [ ! -e "/sys/block/$1" ]
}

# chain NAME COUNT DEVICE: devices NAME1 to NAMEn, each on the one
# before, the first on DEVICE; CHAIN is the last of them.
chain() {
	local i
	CHAIN=$3
	defer remove_chain "$1" "$2"
	for ((i = 1; i <= $2; i++)); do
		dmsetup create "$P-$1$i" --table "0 2048 linear $CHAIN 0" ||
			return
		CHAIN=/dev/mapper/$P-$1$i
	done
}

remove_chain() {
	local i names=()
	for ((i = $2; i > 0; i--)); do
		names+=("$P-$1$i")
	done
	dmsetup remove --retry "${names[@]}"
}

# no_leaks: kmemleak, which looks at what is older than five seconds, knows of
# nothing that the module has lost, or one that is unloaded, which has no names.
no_leaks() {
	local file=/sys/kernel/debug/kmemleak
	echo scan >$file || return
	sleep 6
	echo scan >$file || return
	! grep -E -B 20 -A 20 'dm_linear_guard|^ +0xffffffff' $file
}

check_leaks() {
	if [ -e /sys/kernel/debug/kmemleak ]; then
		check "nothing is lost" no_leaks
	else
		skipped 1 "this kernel does not look for leaks"
	fi
}

# without_udev: until the end, device nodes are made by dmsetup alone, and
# nothing probes new devices: five times as fast.
without_udev() {
	require pgrep
	udevadm settle
	if [ -d /run/systemd/system ]; then
		udevadm control --stop-exec-queue
		defer udevadm control --start-exec-queue
	else
		wait_for udev_is_gone || skip "udevd does not end"
		defer start_udev
	fi
	export DM_DISABLE_UDEV=1
}

udev_is_gone() {
	! pgrep -x 'systemd-udevd|\(udev-worker\)' >/dev/null || {
		udevadm control --exit --timeout=5
		false
	}
}

# Nothing of ours stays open in it: who runs the test waits for our output's end.
start_udev() (
	local fd
	exec </dev/null >/dev/null 2>&1
	for fd in /proc/self/fd/*; do
		fd=${fd##*/}
		[ "$fd" -le 2 ] || eval "exec $fd>&-"
	done
	exec /lib/systemd/systemd-udevd --daemon
)

# hurry: what waits for a grace period waits less, until the end.
hurry() {
	local file=/sys/kernel/rcu_expedited
	[ -w "$file" ] || return 0
	defer eval "echo $(cat "$file") >$file"
	echo 1 >"$file"
}

# sectors FIRST COUNT: that many sectors of text, each holding its own number.
sectors() {
	awk -v first="$1" -v count="$2" 'BEGIN {
		for (i = first; i < first + count; i++)
			printf "%-511d\n", i
	}'
}

# number_of DEVICE: the kernel's name for it, as in dm-3.
number_of() {
	local numbers
	numbers=$(stat -L -c '%t %T' "$1")
	basename "$(readlink "/sys/dev/block/$((16#${numbers% *})):$((16#${numbers#* }))")"
}
