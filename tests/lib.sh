# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the tests share.  Each sources this, calls plan, and ends in finish.
# The module is the one that is loaded, else $DM_LINEAR_GUARD_KO, else what
# modprobe finds.

# shellcheck source=/dev/null
. "${BASH_SOURCE[0]%/*}/../kselftest/ktap_helpers.sh"
# shellcheck source=tests/udev.sh
. "${BASH_SOURCE[0]%/*}/udev.sh"

# The runner has each process of a test load a library that flushes its lines.
unset LD_PRELOAD _STDBUF_O

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

# needs WHAT COMMAND...: skip the test unless the command succeeds; the reason is that there
# is no WHAT, and what the command said.
needs() {
	local what=$1 said
	shift
	said=$("$@" 2>&1) || skip "no $what: $* said: ${said//$'\n'/; }"
}

# built FILE...: the Makefile has made these, beside the tests.
built() {
	local file
	for file; do
		[ -e "${0%/*}/$file" ] || skip "$file is not built"
	done
}

# Commands to run at the end, last first; each that fails fails the test.
DEFERRED=()
defer() {
	local command
	printf -v command '%q ' "$@"
	DEFERRED+=("$command")
}

clean_up() {
	local status=$? i
	trap - EXIT
	compare_graph "before clean-up"
	for ((i = ${#DEFERRED[@]} - 1; i >= 0; i--)); do
		eval "${DEFERRED[i]}" ||
			unclean "${DEFERRED[i]}failed with status $?"
	done
	if [ -e "/sys/module/$MODULE" ] && [ "$(users)" != "$USERS" ]; then
		unclean "the module had $USERS users and has $(users)"
	fi
	compare_graph "after clean-up"
	exit "$status"
}

# none_left: of clean_up; no device of the test's is.
none_left() {
	local name left=''
	dmsetup ls >"$OUTPUT.said" || return 1
	while read -r name _; do
		[[ $name != "$P"* ]] || left+=" $name"
	done <"$OUTPUT.said"
	[ ! "$left" ] || unclean "devices are left:$left"
}

# unclean WHAT: of clean_up, which fails the test by it.
unclean() {
	echo "# clean-up: $1"
	status=$KSFT_FAIL
}

# compare_graph WHEN: of clean_up.  The graph that the module keeps, if links are watched,
# has come to agree with sysfs, where links may still be on their way.
GRAPH=/sys/kernel/debug/$MODULE/graph
compare_graph() {
	graph_agrees || wait_for graph_agrees ||
		unclean "the graph and sysfs differ $1: ${DIFFERENCES//$'\n'/; }"
}
graph_agrees() {
	# Our own VMs are to have it, if there is a module.
	[ ! -e /run/job ] || [ "${UPSTREAM-}" ] || [ ! -e "$PARAMS" ] || [ -e "$GRAPH" ] ||
		return 1
	[ ! -e "$GRAPH" ] || [ "$(<"$PARAMS/divert")" = N ] ||
		DIFFERENCES=$("${BASH_SOURCE[0]%/*}/graph" "$GRAPH" 2>&1)
}

# How many tables (and running loads) use the module.
users() {
	local number
	read -r number <"/sys/module/$MODULE/refcnt" && echo "$number"
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
	# A kernel with the series of docs/upstream has one scope.
	[ "${UPSTREAM-}$1" != yesscope ] || return 0
	echo "$2" >"$PARAMS/$1"
}

takeover() {
	set_to takeover "$1"
}

# counter NAME: how often the module has done that.
counter() {
	local value
	# Where nobody counts, what the test has counted is right.
	[[ ! ${UPSTREAM-} || $1 != *_refused ]] || { echo "$ATTEMPTS" && return; }
	read -r value <"$PARAMS/$1" && echo "$value"
}

# plan COUNT: so many checks follow, on a machine whose udev keeps away from the
# test's devices: their nodes are made by libdevmapper alone, and nothing probes
# them.  That is five times as fast; with_udev has it otherwise.
plan() {
	[ "$EUID" = 0 ] || skip "not root"
	require dmsetup udevadm
	if [ "${UPSTREAM-}" ]; then
		upstream_parameters
	elif [ ! -e "/sys/module/$MODULE" ]; then
		needs "module" load_module
		defer rmmod "$MODULE"
	fi
	local parameter value
	for parameter in divert takeover scope max_depth; do
		read -r value <"$PARAMS/$parameter"
		defer set_to "$parameter" "$value"
	done
	[ ! "${SCOPE-}" ] || set_to scope "$SCOPE"
	# All but what is said of other drivers has to hold where calls are not diverted, too.
	[ ! "${DIVERT-}" ] || { set_to scope linear && set_to divert "$DIVERT"; }
	[ "${UPSTREAM-}" ] || read -r USERS <"/sys/module/$MODULE/refcnt"
	OUTPUT=$(mktemp)
	defer eval "rm -f $OUTPUT $OUTPUT.*"
	defer none_left
	trap clean_up EXIT
	trap 'exit 1' INT TERM
	stop_udev
	start_mapper
	ktap_print_header
	ktap_set_plan "$1"
}

# upstream_parameters: of plan, with UPSTREAM=yes: there is no module, and the kernel
# itself checks the loads of every driver (docs/upstream).  Of the parameters that a
# test sets, max_depth is the kernel's.
upstream_parameters() {
	local depth=/sys/module/block/parameters/max_stack_depth
	PARAMS=$(mktemp -d)
	defer rm -r "$PARAMS"
	# A kernel without the series is to fail, and not to be passed over.
	if [ -e "$depth" ]; then
		ln -s "$depth" "$PARAMS/max_depth"
	else
		echo 32 >"$PARAMS/max_depth"
	fi
	echo Y | tee "$PARAMS"/{divert,takeover} >/dev/null
	echo all >"$PARAMS/scope"
	export DM_LINEAR_GUARD_PARAMETERS=$PARAMS/
	ERANGE=$EINVAL
}

finish() {
	ktap_finished
}

# check DESCRIPTION COMMAND...: passes if the command succeeds.  The description
# is a sentence that says what then holds, and that no other check of the test has.
declare -A SEEN
check() {
	local description=$1
	shift
	[ ! "${SEEN[$description]-}" ] || set -- eval "echo 'two checks say this'; false"
	SEEN[$description]=yes
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

# says PATTERN COMMAND...: the command fails, and what it says has that.
says() {
	local said status=0
	# Not in a subshell, which does not ask the mapper.
	"${@:2}" >"$OUTPUT.says" 2>&1 || status=$?
	IFS= read -rd '' said <"$OUTPUT.says"
	# shellcheck disable=SC2053 # it is a pattern
	[ "$status" != 0 ] && [[ $said == *$1* ]] && return 0
	echo "${said:-this was accepted}"
	return 1
}

same_text() {
	[ "$1" = "$2" ] || diff <(echo "$1") <(echo "$2")
}

# What dmsetup says of the two errors that the guard refuses with, and of another.
# shellcheck disable=SC2034
EINVAL="Invalid argument" ELOOP="Too many levels of symbolic links"
EBUSY="Device or resource busy"
# shellcheck disable=SC2034
ERANGE="Numerical result out of range"

# refused DESCRIPTION ERROR PHRASE COMMAND...: passes if the command fails,
# says ERROR, and the kernel says PHRASE of a linear target, or the guard says
# it of any, meanwhile.  The kernel does not log all that it refuses: the command is
# repeated for that, and counted in ATTEMPTS.
ATTEMPTS=0
refused() {
	check "$1" refuses "${@:2}"
}

refuses() {
	local error=$1 phrase=$2 said i
	# Ten such lines in five seconds are all that the kernel logs.
	for i in "" 5; do
		[ ! "$i" ] || sleep "$i"
		mapper forget || return
		# Not in a subshell, which does not ask the mapper.
		ATTEMPTS=$((ATTEMPTS + 1))
		"${@:3}" >"$OUTPUT.said" 2>&1 && {
			echo "this was accepted"
			return 1
		}
		IFS= read -rd '' said <"$OUTPUT.said"
		new_messages
		if [[ $said != *"$error"* ]]; then
			break
		elif kernel_says "$phrase" "$MESSAGES"; then
			return 0
		fi
	done
	echo "$said" "$MESSAGES"
	return 1
}

# kernel_says PHRASE LOG: of a linear target, or of the guard.
kernel_says() {
	if [ "${UPSTREAM-}" ]; then
		case $1 in
		"Device closes a loop") [[ $2 == *": not stacked on "*", which is stacked on it"* ]] ;;
		"Stack of devices is too deep") [[ $2 == *", as the stack would be too deep"* ]] ;;
		"refusing "*) [[ $2 == *": not stacked on "* ]] ;;
		# That is refused before any disk is told.
		"Device maps onto itself") [[ $2 == *": Device lookup failed"* ]] ;;
		*) [[ $2 == *": $1"* ]] ;;
		esac
		return
	fi
	[[ $2 == *": linear: $1"* || $2 == *": linear-guard: $1"* ]]
}

# new_messages: sets MESSAGES to what the kernel has logged since the last call, or
# since plan, or since the mapper was told to forget; not in a subshell.
new_messages() {
	MESSAGES=
	mapper messages >"$OUTPUT.said" && IFS= read -rd '' MESSAGES <"$OUTPUT.said"
	[ "$MESSAGES" ]
}

# start_mapper: of plan; a process that answers the commonest of dmsetup's commands,
# and ends when its input does.  A job in the background, which cannot ask the test's
# own, may start another.
start_mapper() {
	local program=${BASH_SOURCE[0]%/*}/mapper
	[ -e "$program" ] || skip "mapper is not built"
	MAPPER_ASKER=$BASHPID MAPPER_FILE=$OUTPUT.mapper.$BASHPID ASKED=''
	# What ends the test leaves it there for clean_up.
	coproc MAPPER { trap '' INT TERM; exec "$program" "$MAPPER_FILE"; }
}

# mapper WORD...: what mapper.c does with them.
mapper() {
	local status length text
	# A trap can end the test before there is an answer, which nothing else is to take.
	ASKED=yes
	printf '%s\0' $# "$@" >&"${MAPPER[1]}" &&
		read -r status length <&"${MAPPER[0]}" || return 1
	ASKED=''
	if [ "$length" != 0 ]; then
		IFS= read -rd '' text <"$MAPPER_FILE"
		printf '%s' "$text"
	fi
	return "$status"
}

# has_mapper: the shell that has started it does, as a subshell might get another's
# answer, unless the mapper is gone or owes an answer.
has_mapper() {
	[ "$BASHPID" = "${MAPPER_ASKER-}" ] && [ "${MAPPER_PID-}" ] && [ ! "${ASKED-}" ]
}

# asks_mapper: it does so in all that dmsetup would have to wait for udev for.
asks_mapper() {
	[ "${DM_DISABLE_UDEV-}" ] && has_mapper
}

# dmsetup COMMAND...: itself, or the mapper in its place.  As all that clean_up may call,
# it does not "return" alone: in a trap, that is the status of the exit.
dmsetup() {
	case $#,$1,${3-} in
	4,create,--table)
		if asks_mapper; then mapper "$1" "$2" "$4" >&2; return $?; fi ;;
	2,resume, | 2,remove,)
		if asks_mapper; then mapper "$1" "$2" >&2; return $?; fi ;;
	1,ls, | 1,targets,)
		if has_mapper; then mapper "$1"; return $?; fi ;;
	2,table, | 2,status,)
		if has_mapper; then mapper "$1" "$2"; return $?; fi ;;
	# What udev is not told of.
	4,reload,--table)
		if has_mapper; then mapper "$1" "$2" "$4" >&2; return $?; fi ;;
	2,suspend, | 2,clear,)
		if has_mapper; then mapper "$1" "$2" >&2; return $?; fi ;;
	esac
	command dmsetup "$@"
}

# create NAME TABLE [OPTION...]: make a mapped device, removed at the end.
create() {
	local name=$P-$1 table=$2
	shift 2
	dmsetup create "$name" --table "$table" "$@" || return
	defer remove_device "$name"
}

remove_device() {
	! exists "$1" || { dmsetup resume "$1" && remove "$1"; }
}

# remove NAME...: as soon as nobody else looks at them any more.
remove() {
	local name
	for name; do
		if ! wait_for removed_or_not_busy "$name" || [ "$NOT_REMOVED" ]; then
			echo "$name: $NOT_REMOVED" >&2
			# Whoever has it open has others, too.
			PATIENCE=1
			return 1
		fi
	done
}

# removed_or_not_busy NAME: sets NOT_REMOVED to why it is not, if that is so.
removed_or_not_busy() {
	NOT_REMOVED=
	dmsetup remove "$1" >"$OUTPUT.removed" 2>&1 && return 0
	IFS= read -rd '' NOT_REMOVED <"$OUTPUT.removed"
	[[ $NOT_REMOVED != *"$EBUSY"* ]]
}

# exists NAME: there is a mapped device of that name.
exists() {
	local said
	# Not "return" alone: on the way out it would be the status of the exit.
	if has_mapper; then
		mapper info "$1" >"$OUTPUT.said" && return 0
		IFS= read -rd '' said <"$OUTPUT.said"
	else
		said=$(dmsetup info "$1" 2>&1) && return 0
	fi
	[[ $said == *"does not exist"* ]] || echo "$said" >&2
	return 1
}

# attribute NAME FILE: sets VALUE to the first line of that file of the device's in
# sysfs, without a process; to nothing if there is none.
attribute() {
	local file name=''
	VALUE=''
	for file in /sys/block/dm-*/dm/name; do
		read -r name <"$file"
		[ "$name" != "$P-$1" ] || break
	done
	# shellcheck disable=SC2034
	[ "$name" = "$P-$1" ] && read -r VALUE <"${file%/dm/name}/$2"
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
	needs "RAM disks" modprobe brd rd_nr="$1" rd_size=$(($2 * 1024))
	defer rmmod brd
	[ -b "/dev/ram$(($1 - 1))" ] || skip "no node /dev/ram$(($1 - 1))"
}

# loop_device MEBIBYTES [OPTION...]: sets LOOP to one on a file in memory.
loop_device() {
	local file
	require losetup
	needs "loop devices" modprobe loop
	file=$(mktemp "/dev/shm/$P.XXXXXX")
	defer rm "$file"
	truncate -s "$1M" "$file"
	LOOP=$(losetup --find --show "${@:2}" "$file" 2>&1) ||
		skip "no loop devices: losetup said: $LOOP"
	defer losetup --detach "$LOOP"
}

# pmem_disk MEBIBYTES: sets PMEM to persistent memory of at least that size.
pmem_disk() {
	local boot="boot with memmap=352M!1G, for example"
	PMEM=/dev/pmem0
	needs "persistent memory" modprobe -a nd_e820 nd_pmem
	[ -b "$PMEM" ] || skip "no $PMEM; $boot"
	[ "$(blockdev --getsz "$PMEM")" -ge $(($1 * 2048)) ] ||
		skip "$PMEM has less than $1 MiB; $boot"
	! grep -q "^$PMEM" /proc/mounts || skip "$PMEM is in use"
}

# null_disk NAME ATTRIBUTE=VALUE...: sets NULL to one of null_blk's.
null_disk() {
	local dir=/sys/kernel/config/nullb/$P-$1 setting
	if [ ! -d /sys/kernel/config/nullb ]; then
		[ ! -e /sys/module/null_blk ] || skip "null_blk is in use"
		needs null_blk modprobe null_blk nr_devices=0
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
	mountpoint -q /sys/kernel/config || {
		mount -t configfs configfs /sys/kernel/config &&
			defer umount /sys/kernel/config
	}
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
	needs "SCSI disks" modprobe sd_mod
	needs scsi_debug modprobe scsi_debug "$@"
	defer remove_scsi_debug
	find_scsi_disk scsi_debug
}

# Its disks first: 7.2's forgets their target behind its own back, and follows a
# NULL pointer if the module has gone on to remove what that stood in.
remove_scsi_debug() {
	[ -e /sys/module/scsi_debug ] || return 0
	echo -1 >/sys/bus/pseudo/drivers/scsi_debug/add_host
	wait_for fails compgen -G "/sys/kernel/debug/scsi_debug/target*:0" >/dev/null &&
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
	needs "SCSI target" modprobe -a sd_mod target_core_mod
	defer modprobe -r tcm_loop
	mount_configfs
	# It keeps reservations in a file.
	dir=$(mktemp -d)
	defer rm -r "$dir"
	mkdir "$dir/pr"
	echo "$dir" >"$config/dbroot"
	needs "SCSI target" modprobe tcm_loop
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

# array_with_room NAME DEVICE: an md array of that mirror and one that is missing, which
# can be added and is not filled; stopped at the end.
array_with_room() {
	mdadm --quiet --build "/dev/$1" --run --force --level=1 \
		--raid-devices=2 "$2" missing && defer stop_array "$1" &&
		echo frozen >"/sys/block/$1/md/sync_action"
}

# fleeting_array NAME DEVICE MAPPED SECONDS: build one on DEVICE, and stop it that long
# after the first of many loads of tables for MAPPED that map onto it, between two of them.
# Who opens its node later makes a new one, so that it is no sign that it has gone.
fleeting_array() {
	local dir status=0
	mdadm --quiet --build "/dev/$1" --run --force --level=1 --raid-devices=1 "$2" || return
	dir=$(mktemp -d "/dev/shm/$P.XXXXXX")
	: >"$dir/going"
	{
		start_mapper
		# Or until the test is no more.
		while [ -e "$dir/going" ] && kill -0 $$; do
			if reload "$3" "0 2048 linear /dev/$1 0"; then
				: >"$dir/loaded"
			elif [ ! -e "$dir/loaded" ]; then
				pause 0.1
			fi
			dmsetup clear "$P-$3"
		done
	} &
	wait_for [ -e "$dir/loaded" ] || status=1
	pause "$4"
	wait_for mdadm --quiet --stop "/dev/$1" || status=1
	rm "$dir/going"
	wait $!
	rm -r "$dir"
	return "$status"
}

stop_array() {
	[ ! -e "/sys/block/$1/md" ] || mdadm --quiet --stop "/dev/$1"
}

# partition DEVICE LINES [OPTION...]: write a table, whoever looks at the device.
partition() {
	sfdisk -q --force --no-reread "${@:3}" "$1" <<<"$2" >/dev/null
}

# start_io DEVICE SIZE: until finish_io, or stop_io before it, rounds of fio that write
# SIZE to the first 8 MiB of it, and verify; io_rounds says how many there have been.
start_io() {
	IO=$(mktemp -d)
	defer rm -r "$IO"
	: >"$IO/rounds"
	IO_STAT=/sys/block/$(number_of "$1")/stat
	io_writes
	IO_BEFORE=$WRITES
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

# No more than IO_RATE (400) a second, as the test itself has to get on, too.
write_and_verify() {
	local rounds=0
	until [ -e "$IO/stop" ]; do
		verified "$1" --io_size="$2" --randseed=$((rounds + 1)) \
			--rate_iops="${IO_RATE:-400}" || return
		rounds=$((rounds + 1))
		printf . >>"$IO/rounds"
	done
}

io_rounds() {
	local rounds
	rounds=$(<"$IO/rounds")
	echo ${#rounds}
}

# io_begins: wait until the first round writes.
io_begins() {
	wait_for io_has_begun
}
io_has_begun() {
	io_writes
	[ "$WRITES" -gt "$IO_BEFORE" ]
}

# io_writes: sets WRITES to how many the device has had.
io_writes() {
	read -r _ _ _ _ WRITES _ <"$IO_STAT"
}

# stop_io: the round that is under way is the last one.
stop_io() {
	: >"$IO/stop"
}

finish_io() {
	stop_io
	wait "$IO_PID" || { cat "$IO/output"; return 1; }
}

# atomic_option: what makes a disk of scsi_debug do atomic writes, if anything.
atomic_option() {
	modinfo -p scsi_debug | sed -n 's/^atomic_wr:.*/atomic_wr=1/p'
}

# Targets that are stacked on a device.  What they need besides is on /dev/ram1 and
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
	if has_mapper; then
		mapper empty /dev/ram[0-9]* >&2
		return $?
	fi
	for device in /dev/ram[0-9]*; do
		dd if=/dev/zero of="$device" bs=4k count=1 oflag=direct status=none || return
	done
}

# can_be_read DEVICE: its first page can.
can_be_read() {
	if has_mapper; then
		mapper read "$1" >&2
	else
		dd if="$1" of=/dev/null bs=4k count=1 iflag=direct status=none
	fi
}

# wait_for COMMAND...: until it succeeds, or each processor has had nothing to do for
# PATIENCE seconds: then nothing comes of it any more.  How fast the machine is does
# not matter, as what it still has to do is no idle time.  (A command sees our local
# variable in place of its own of the same name: hence a long one.)
PATIENCE=30
wait_for() {
	local idle_before
	"$@" && return 0
	idle_ticks
	idle_before=$IDLE
	until "$@"; do
		pause 0.1
		idle_ticks
		if all_idle "$idle_before"; then
			echo "waited in vain for: $*" >&2
			return 1
		fi
	done
}

# all_idle TICKS: each processor has been idle for PATIENCE seconds since it had these.
all_idle() {
	local ticks left=$IDLE
	for ticks in $1; do
		[ $((${left%% *} - ticks)) -gt $((100 * PATIENCE)) ] || return 1
		left=${left#* }
	done
}

# pause SECONDS: sleep, without a process if that can be.  (bash 5.1's "read -t" waits for
# ever if its time is over before it has begun to read.)
pause() {
	if has_mapper; then
		mapper pause "$1"
	else
		sleep "$1"
	fi
}

# idle_ticks: sets IDLE to the hundredths of seconds for which each processor was idle, or
# waited for a disk, with a space between two.
idle_ticks() {
	local name idle iowait
	IDLE=''
	while read -r name _ _ _ idle iowait _; do
		[[ $name != cpu[0-9]* ]] || IDLE+="${IDLE:+ }$((idle + iowait))"
	done </proc/stat
}

# listen: from here on the kernel's events go to EVENTS, a paragraph each.
listen() {
	EVENTS=$OUTPUT.events
	udevadm monitor --kernel --property >"$EVENTS" 2>&1 &
	defer kill $!
	wait_for grep -q '^KERNEL - ' "$EVENTS"
}

# events LINE...: how many of them have all of these lines.
events() {
	awk -v RS= -v lines="$*" '{
		n = split(lines, line, " ")
		for (i = 1; i <= n && index("\n" $0 "\n", "\n" line[i] "\n"); )
			i++
		count += i > n
	} END { print count + 0 }' "$EVENTS"
}

# announced COUNT LINE...: there have been so many, or more.
announced() {
	[ "$(events "${@:2}")" -ge "$1" ]
}

# register_bcache DEVICE: put a bcache on it.
register_bcache() {
	make-bcache --wipe-bcache -B "$1" >/dev/null &&
		echo "$1" >/sys/fs/bcache/register
}

# make_bcache DEVICE: the same, and say which.
make_bcache() {
	register_bcache "$1" && holders_of "$1"
}

# holders_of DEVICE: what is stacked on it, as sysfs has it.
holders_of() {
	ls "/sys/block/$(number_of "$1")/holders"
}

# stop_bcache NAME: stop it, and wait for it to be gone.
stop_bcache() {
	echo 1 >"/sys/block/$1/bcache/stop" && wait_for [ ! -e "/sys/block/$1" ]
}

# The largest value of max_depth.  That of the series in docs/upstream is the same everywhere.
MOST=48
# shellcheck disable=SC2034
[ "$(uname -m)" != x86_64 ] || [ "${UPSTREAM-}" ] || MOST=64

# chain NAME COUNT DEVICE: devices NAME1 to NAMEn, each on the one
# before, the first on DEVICE; CHAIN is the last of them.
chain() {
	local i devices=''
	CHAIN=$3
	defer remove_chain "$1" "$2"
	for ((i = 1; i <= $2; i++)); do
		devices+="${devices:+;}$P-$1$i,,,rw,0 2048 linear $CHAIN 0"
		CHAIN=/dev/mapper/$P-$1$i
	done
	dmsetup create --concise "$devices"
}

remove_chain() {
	local i names=()
	for ((i = $2; i > 0; i--)); do
		names+=("$P-$1$i")
	done
	remove "${names[@]}"
}

# no_leaks: kmemleak, which looks at what is older than five seconds, knows of
# nothing that the module has lost, or one that is unloaded, which has no names, or with
# UPSTREAM=yes the block layer for a relation.
no_leaks() {
	local file=/sys/kernel/debug/kmemleak lost='dm_linear_guard|^ +0xffffffff'
	echo scan >$file || return
	sleep 6
	echo scan >$file || return
	! grep -E -B 20 -A 20 "${UPSTREAM:+bd_link_disk_holder|}$lost" $file
}

check_leaks() {
	if [ -e /sys/kernel/debug/kmemleak ]; then
		check "nothing is lost" no_leaks
	else
		skipped 1 "this kernel does not look for leaks"
	fi
}

# stop_udev: of plan.  In a VM of scripts/vm it stays away for the next test, too,
# and without its socket libdevmapper does not take it for present.
stop_udev() {
	if [ -d /run/systemd/system ]; then
		udevadm settle
		udevadm control --stop-exec-queue
		defer udevadm control --start-exec-queue
	elif [ -e /run/udev/control ] && udev_runs; then
		udevadm settle
		[ -e /run/job ] || defer start_udev
		needs "machine without udev" wait_for udev_ends
		rm -f /run/udev/control
	fi
	export DM_DISABLE_UDEV=1
}

# with_udev: it does with the devices of this test what it does with any.
with_udev() {
	unset DM_DISABLE_UDEV
	if [ -d /run/systemd/system ]; then
		udevadm control --start-exec-queue
	else
		start_udev
		needs "udev" wait_for udevadm control --ping
	fi
}

# no_modprobe: until the end, a device number that does not exist starts none, let alone
# two.
no_modprobe() {
	local file=/proc/sys/kernel/modprobe program
	read -r program <"$file"
	defer eval "echo $program >$file"
	echo >"$file"
}

# hurry: what waits for a grace period waits less, until the end.
hurry() {
	local file=/sys/kernel/rcu_expedited
	[ -w "$file" ] || return 0
	defer eval "echo $(<"$file") >$file"
	echo 1 >"$file"
}

# sectors [AT=NUMBER]... {FIRST COUNT}...: sectors of text that hold their numbers;
# sectors.c has more of it.
sectors() {
	"${BASH_SOURCE[0]%/*}/sectors" "$@"
}

# gates: tasks that link, unlink or look into sysfs can be held from here on, at GATES;
# test_modules/dlg_slow.c says how.
gates() {
	local module=test_modules/dlg_slow.ko
	built "$module"
	idle_ticks
	[[ $IDLE = *" "* ]] || skip "a task that is held needs a processor of its own"
	needs "tasks that can be held" insmod "${0%/*}/$module"
	defer rmmod dlg_slow
	GATES=/sys/module/dlg_slow/parameters
}

# is_held GATE: somebody is.
is_held() {
	local state
	read -r state <"$GATES/$1" && [ "$state" = -1 ]
}

# sleeps_in FUNCTION PID: the process sleeps there in the kernel, or in what that calls.
sleeps_in() {
	local stack
	# It may end meanwhile, and has no stack while it runs.
	{ IFS= read -rd '' stack <"/proc/$2/stack"; } 2>/dev/null
	[[ $stack == *"$1"* ]]
}

# has_ended PID: the shell has seen the end of that.
has_ended() {
	[ ! -e "/proc/$1" ]
}

# in_order GATE N FIRST GATE N SECOND: succeeds if FIRST does, and this was the order:
# FIRST is held, as the Nth that comes to its gate; SECOND starts, and is held at its
# own, which lets FIRST go; that ends, then SECOND goes on.  Sets STATUS to SECOND's,
# and MESSAGES; closed_loop then says whether it was a load that was refused for that.
in_order() {
	local first second status=0
	new_messages
	echo "$2" >"$GATES/$1"
	eval "$3" &
	first=$!
	wait_for is_held "$1" || status=1
	echo "$5" >"$GATES/$4"
	eval "$6" &
	second=$!
	wait_for is_held "$4" || status=1
	# Who was held for too long was not held until then.
	same_text 0 "$(<"$GATES/$1")" || status=1
	wait "$first" || status=1
	is_held "$4" || status=1
	echo 0 >"$GATES/$1"
	echo 0 >"$GATES/$4"
	wait "$second"
	STATUS=$?
	new_messages
	echo "$MESSAGES"
	return "$status"
}
closed_loop() {
	[ "$STATUS" != 0 ] && kernel_says "Device closes a loop" "$MESSAGES"
}

# number_of DEVICE: the kernel's name for it, as in dm-3.
number_of() {
	local numbers
	numbers=$(stat -L -c '%t %T' "$1")
	basename "$(readlink "/sys/dev/block/$((16#${numbers% *})):$((16#${numbers#* }))")"
}
