#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What I/O, loads and memory cost, guarded and by the stock target in turns.
# Usage: bench.sh [io | dax | quick | memory | tools | loads | growth | undiverted]...; prints
# lines of "csv,GROUP,CASE,N,SERVED BY,VALUE", in bytes for memory, else in nanoseconds:
# instructions, where a virtual machine counts them (QEMU's -icount shift=0).
. "$(dirname "$0")/lib.sh"

exec 3>&1
[ $# -gt 0 ] || set -- undiverted io dax memory tools loads growth
plan $#
require fio
built cputime
hurry
export DM_DISABLE_UDEV=1
ramdisks 2 64
cputime=$(dirname "$0")/cputime
LOGS=$(mktemp -d)
defer rm -r "$LOGS"

# serve stock|guarded: which target serves the tables that are loaded from now on, and
# in which scope.
SCOPE=linear
serve() {
	set_to scope "$([ "$1" = stock ] && echo linear || echo "$SCOPE")" &&
		takeover "$([ "$1" = stock ] && echo 0 || echo 1)"
}

# both NAME TABLE: NAME-stock and NAME-guarded, on devices of their own KIND.
both() {
	local kind
	for kind in stock guarded; do
		serve $kind && dmsetup create "$P-$1-$kind" <<<"${2//KIND/$kind}" || return
		defer remove_device "$P-$1-$kind"
	done
}

# in_turns REPEATS GROUP CASE N COMMAND...: what COMMAND stock and COMMAND guarded print,
# in turns; each is the first one every other time, as what follows can find memory as the
# one before has left it.
in_turns() {
	local repeats=$1 line="csv,$2,$3,$4" i kind value kinds=(stock guarded)
	shift 4
	for ((i = 0; i < repeats; i++)); do
		for kind in "${kinds[@]}"; do
			value=$("$@" "$kind") && [ "$value" ] || FAILED="$FAILED $line $kind"
			echo "$line,$kind,$value" >&3
		done
		kinds=("${kinds[1]}" "${kinds[0]}")
	done
}

# once GROUP CASE N KIND COMMAND...: what the command prints, for one kind only.
once() {
	local line="csv,$1,$2,$3,$4" value
	value=$("${@:5}") && [ "$value" ] || FAILED="$FAILED $line"
	echo "$line,$value" >&3
}

# fio_on FILE OPTION...: nanoseconds of the shortest of 2,000, which nothing else
# falls into.
fio_on() {
	[ -e "$1" ] && fio --name=bench --filename="$1" --direct=1 --bs=4k --size=16M --thread \
		--number_ios=2000 --io_size=1G --norandommap --minimal \
		--clocksource=clock_gettime --write_lat_log="$LOGS/fio" \
		--output=/dev/null "${@:2}" &&
		cut -d, -f2 "$LOGS/fio_lat.1.log" | tr -d " " | sort -n | head -n 1
}

# io_on NAME OPTION... KIND: the same, on NAME-KIND.
io_on() {
	fio_on "/dev/mapper/$P-$1-${*: -1}" "${@:2:$#-2}"
}

# A disk that answers at once, of either kind.
disks() {
	[ ! "$BIO" ] || return 0
	null_disk bio queue_mode=0 size=64 irqmode=0
	BIO=$NULL
	# From 6.9 on null_blk has no such mode, but RAM disks are that way.
	if [ -e "/sys/block/${BIO#/dev/}/mq" ]; then
		BIO=/dev/ram1
		dd if=/dev/zero of=$BIO bs=1M count=64 oflag=direct status=none || return
	fi
	both bio "0 65536 linear $BIO 2048" || return
	null_disk mq queue_mode=2 size=64 irqmode=0
	MQ=$NULL
	both mq "0 65536 linear $MQ 2048"
}

quick() {
	disks || return
	in_turns 3 io "psync randread bio" 1 io_on bio --ioengine=psync --rw=randread
	in_turns 3 io "psync randread mq" 1 io_on mq --ioengine=psync --rw=randread
}

io() {
	local engine rw queue disk i n
	disks || return
	for engine in psync io_uring; do
		for rw in randread randwrite; do
			for queue in bio mq; do
				disk=${queue^^}
				set -- --ioengine=$engine --rw=$rw
				once io "$engine $rw $queue" 1 raw fio_on "${!disk}" "$@"
				in_turns 3 io "$engine $rw $queue" 1 io_on $queue "$@"
			done
		done
	done
	in_turns 3 io "128 KiB" 1 io_on mq --ioengine=psync --rw=randread --bs=128k
	null_disk trim queue_mode=2 size=64 irqmode=0 memory_backed=1 discard=1
	both trim "0 65536 linear $NULL 2048" || return
	in_turns 3 io "discard" 1 io_on trim --ioengine=psync --rw=randtrim

	both stack1 "0 65536 linear $BIO 2048" || return
	for ((i = 2; i <= 31; i++)); do
		both "stack$i" "0 65536 linear /dev/mapper/$P-stack$((i - 1))-KIND 0" || return
	done
	for n in 1 2 8 31; do
		in_turns 3 io "stack" $n io_on stack$n --ioengine=psync --rw=randread
	done
	for n in 1 100 10000; do
		both "segments$n" "$(segments $n "$BIO")" || return
		in_turns 3 io "segments" $n io_on segments$n --ioengine=psync --rw=randread
	done
}

# One file, on one file system, on one device, which is served in turns: two devices
# would differ by more than the target.
dax() {
	local dir status=0
	pmem_disk 64
	dir=$(mktemp -d)
	defer rmdir "$dir"
	serve guarded && create pmem "0 65536 linear $PMEM 2048" &&
		mkfs.ext4 -q -F -b 4096 "/dev/mapper/$P-pmem" &&
		mount -t ext4 -o dax=always "/dev/mapper/$P-pmem" "$dir" &&
		dd if=/dev/zero of="$dir/file" bs=1M count=16 status=none &&
		in_turns 3 io "DAX read" 1 dax_on "$dir/file" || status=1
	umount "$dir" || status=1
	return $status
}

dax_on() {
	serve "$2" && swap pmem "0 65536 linear $PMEM 2048" &&
		fio_on "$1" --direct=0 --ioengine=psync --rw=randread
}

# segments NUMBER DEVICE: a table of so many, over 80,000 sectors.
segments() {
	awk -v n="$1" -v device="$2" 'BEGIN {
		for (size = int(10000 / n) * 8; i < n; i++)
			print i * size, size, "linear", device, i * size
	}'
}

# create_on TABLE KIND: create, and forget again.
create_on() {
	serve "$2" && "$cputime" dmsetup create "$P-x" "$1" && dmsetup remove "$P-x"
}

# reload_on NAME TABLE KIND: load a table for a device, and forget it again.
reload_on() {
	serve "$3" && "$cputime" dmsetup reload "$P-$1" "$2" && dmsetup clear "$P-$1"
}

# each_device FIRST LAST TABLE END: print what creates those, or their names.
each_device() {
	awk -v first="$1" -v last="$2" -v name="$P-each" -v table="$3" -v end="$4" 'BEGIN {
		for (i = first; i <= last; i++)
			printf("%s%d%s%s", name, i, table, i < last ? end : "\n")
	}'
}

# add_each LAST: devices that have nothing to do with what is measured, up to that one; in
# parts, as dmsetup reads 256 KiB at most.
EACH=0
add_each() {
	local last
	while [ "$EACH" -lt "$1" ]; do
		last=$((EACH + 1800 < $1 ? EACH + 1800 : $1))
		each_device $((EACH + 1)) "$last" ",,,,0 8 linear /dev/ram0 0" ";" |
			dmsetup create --concise || return
		EACH=$last
	done
	exists "$P-each$1"
}

remove_each() {
	# shellcheck disable=SC2033 # it is to be dmsetup itself
	[ "$EACH" = 0 ] || each_device 1 "$EACH" "" "\n" | xargs dmsetup remove || return
	EACH=0
}

# three: a device in the middle, with one above and one below.
three() {
	[ ! -e "/dev/mapper/$P-below" ] || return 0
	serve guarded && create below "0 80000 linear /dev/ram0 0" &&
		create middle "0 2048 linear /dev/mapper/$P-below 0" &&
		create top "0 2048 linear /dev/mapper/$P-middle 0"
}

loads() {
	local dir n
	dir=$(mktemp -d)
	defer rm -r "$dir"
	defer remove_each
	three || return
	echo "0 2048 linear /dev/ram0 0" >"$dir/leaf"
	echo "0 2048 linear /dev/mapper/$P-below 0" >"$dir/stacked"
	segments 10000 /dev/ram0 >"$dir/leaf-10000"
	segments 10000 "/dev/mapper/$P-below" >"$dir/stacked-10000"
	for n in 10 1000 10000; do
		serve guarded && add_each $n || return
		for SCOPE in linear all; do
			in_turns 5 load "leaf $SCOPE" $n create_on "$dir/leaf"
			in_turns 5 load "stacked $SCOPE" $n create_on "$dir/stacked"
			in_turns 5 load "middle $SCOPE" $n reload_on middle "$dir/stacked"
			in_turns 3 load "leaf with 10000 segments $SCOPE" $n \
				create_on "$dir/leaf-10000"
			in_turns 3 load "stacked with 10000 segments $SCOPE" $n \
				create_on "$dir/stacked-10000"
		done
	done
	remove_each
}

# deep: a stack of 31 devices, each on the one before.
deep() {
	local i
	[ ! -e "/dev/mapper/$P-deep1" ] || return 0
	serve guarded && create deep1 "0 2048 linear /dev/ram0 0" || return
	for i in {2..31}; do
		create "deep$i" "0 2048 linear /dev/mapper/$P-deep$((i - 1)) 0" || return
	done
}

# How the cost of a check grows: with the devices below one that is created, and with
# the devices above one whose table is loaded.
growth() {
	local i n have=0 file
	file=$(mktemp)
	defer rm "$file"
	SCOPE=linear
	deep || return
	for n in 1 2 4 8 16 31; do
		echo "0 2048 linear /dev/mapper/$P-deep$n 0" >"$file"
		in_turns 3 growth "devices below" $n create_on "$file"
	done

	serve guarded && create fan "0 2048 linear /dev/ram0 0" &&
		create base "0 2048 linear /dev/ram1 0" || return
	echo "0 2048 linear /dev/mapper/$P-base 0" >"$file"
	for n in 1 10 100 1000; do
		serve guarded || return
		for ((i = have + 1; i <= n; i++)); do
			create "fan$i" "0 8 linear /dev/mapper/$P-fan 0" || return
		done
		have=$n
		in_turns 3 growth "devices above" $n reload_on fan "$file"
	done
}

# divert N|Y: ends or begins to, and says what that takes.
divert() {
	# shellcheck disable=SC2016 # the shell that is measured expands them
	"$cputime" sh -c 'echo "$1" >"$2"' - "$1" "$PARAMS/divert"
}

# What a load takes where calls are not diverted, and then to begin with that.  First of
# all groups, as each device that others leave counts.
undiverted() {
	local n file
	file=$(mktemp)
	defer rm "$file"
	defer remove_each
	SCOPE=linear
	three || return
	echo "0 2048 linear /dev/mapper/$P-below 0" >"$file"
	for n in 10 1000 10000; do
		serve guarded && add_each $n && divert N >"$LOGS/said" || return
		in_turns 3 undiverted "stacked" $n create_on "$file"
		in_turns 3 undiverted "middle" $n reload_on middle "$file"
		once undiverted "begin to divert" $n guarded divert Y
	done
	remove_each
}

# How many bytes the kernel's allocator has given out, of the sizes that it keeps.
kmalloc() {
	awk '/^kmalloc/ { sum += $2 * $4 } END { print sum }' /proc/slabinfo
}

# memory_on FILE KIND: bytes for each target of that table of 10,000.
memory_on() {
	local before after
	serve "$2" || return
	before=$(kmalloc)
	dmsetup create "$P-x" "$1" || return
	after=$(kmalloc)
	dmsetup remove "$P-x" || return
	echo $(((after - before) / 10000))
}

# link_on DEVICE: what the module allocates, other than for a target, and keeps, when a
# device is stacked on that one.
link_on() {
	local trace=/sys/kernel/tracing on status=0
	echo >$trace/trace || return
	for on in 1 0; do
		echo $on >$trace/events/kmem/kmalloc/enable &&
			echo $on >$trace/events/kmem/kfree/enable || status=1
		[ $on = 0 ] || dmsetup create "$P-x" --table "0 2048 linear $1 0" || status=1
	done
	dmsetup remove "$P-x" || status=1
	awk '{ at = ""; for (i = 1; i <= NF; i++) if ($i ~ /^ptr=/) at = $i }
		/ kmalloc(_node)?: call_site=guard_/ && !/=guard_ctr/ {
			sub(/.* bytes_alloc=/, "")
			size[at] = $1
		}
		/ kfree: / { delete size[at] }
		END { for (at in size) sum += size[at]; print sum }' $trace/trace
	return "$status"
}

memory() {
	local file
	file=$(mktemp)
	defer rm "$file"
	segments 10000 /dev/ram0 >"$file"
	in_turns 3 memory "bytes of a target" 10000 memory_on "$file"
	mount_tracefs && serve guarded && create one "0 2048 linear /dev/ram0 0" || return
	once memory "bytes of a device and its link" 1 guarded link_on "/dev/mapper/$P-one"
	once memory "bytes of the module" 1 guarded cat /sys/module/dm_linear_guard/coresize
}

# asked COMMAND...: what it takes, whatever status it ends with, as some of these say
# that not all is well.
asked() {
	"$cputime" "$@" 2>"$LOGS/said" || true
}

# kept COMMAND...: how many bytes it has in memory at most.
kept() {
	"$cputime" -m "$@" 2>"$LOGS/said" || true
}

# names_all COUNT COMMAND...: it prints a line for each of so many devices.
names_all() {
	local lines
	lines=$("${@:2}" | grep -c "$P-each")
	[ "$lines" = "$1" ] || { echo "$lines lines for $1 devices"; return 1; }
}

# The operator's command, beside what it can be compared with.
tools() {
	local tool=${DM_LINEAR_GUARD_COMMAND:-dm-linear-guard} n option
	local table="0 8 linear /dev/mapper/$P-each2 0"
	require "$tool"
	serve guarded && defer remove_each || return
	for n in 200 2000 10000; do
		add_each $n || return
		names_all $n "$tool" status -no NAME && names_all $n "$tool" status --json || return
		for option in "" --json --tree --output-all; do
			# shellcheck disable=SC2086 # there may be none
			once tools "status${option:+ $option}" $n raw asked "$tool" status $option
			# shellcheck disable=SC2086
			once tools "bytes of status${option:+ $option}" $n raw kept "$tool" status $option
		done
		once tools check $n raw asked "$tool" check "$P-each1" "$table"
		once tools "bytes of check" $n raw kept "$tool" check "$P-each1" "$table"
		once tools "dmsetup info -c" $n raw asked dmsetup info -c
		once tools "dmsetup ls --tree" $n raw asked dmsetup ls --tree
	done
	remove_each
}

# whole GROUP: all of it is measured.
whole() {
	FAILED=
	"$1" && same_text "" "$FAILED"
}

for group; do
	check "the group $group is measured" whole "$group"
done
finish
