#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What I/O costs, guarded and by the stock target in turns.
# Usage: bench.sh [io | quick]...; prints lines "csv,io,CASE,N,SERVED BY,VALUE", in
# nanoseconds: instructions, where a virtual machine counts them (-icount shift=0).
. "$(dirname "$0")/lib.sh"

exec 3>&1
[ $# -gt 0 ] || set -- io
plan $#
require fio
without_udev
hurry
export DM_DISABLE_UDEV=1
LOGS=$(mktemp -d)
defer rm -r "$LOGS"

# both NAME TABLE: NAME-stock and NAME-guarded, on devices of their own KIND.
both() {
	local kind
	for kind in stock guarded; do
		takeover "$([ $kind = stock ] && echo 0 || echo 1)"
		create "$1-$kind" "${2//KIND/$kind}" || return
	done
}

# in_turns REPEATS GROUP CASE N COMMAND...: what COMMAND stock and COMMAND
# guarded print, in turns.
in_turns() {
	local repeats=$1 line="csv,$2,$3,$4" i kind
	shift 4
	for ((i = 0; i < repeats; i++)); do
		for kind in stock guarded; do
			echo "$line,$kind,$("$@" $kind)" >&3
		done
	done
}

# fio_on DEVICE OPTION...: nanoseconds of the median of 2,000, which no interrupt
# falls into.
fio_on() {
	fio --name=bench --filename="$1" --direct=1 --bs=4k --size=16M --thread \
		--number_ios=2000 --io_size=1G --norandommap --minimal \
		--clocksource=clock_gettime --write_lat_log="$LOGS/fio" \
		--output=/dev/null "${@:2}"
	cut -d, -f2 "$LOGS/fio_lat.1.log" | tr -d " " | sort -n | sed -n 1000p
}

# io_on NAME OPTION... KIND: the same, on NAME-KIND.
io_on() {
	fio_on "/dev/mapper/$P-$1-${*: -1}" "${@:2:$#-2}"
}

# A null_blk that answers at once, of either kind.
disks() {
	[ ! "$BIO" ] || return 0
	null_disk bio queue_mode=0 size=64 irqmode=0
	BIO=$NULL
	both bio "0 65536 linear $BIO 2048"
	null_disk mq queue_mode=2 size=64 irqmode=0
	MQ=$NULL
	both mq "0 65536 linear $MQ 2048"
}

quick() {
	disks
	in_turns 3 io "psync randread bio" 1 io_on bio --ioengine=psync --rw=randread
	in_turns 3 io "psync randread mq" 1 io_on mq --ioengine=psync --rw=randread
}

io() {
	local engine rw queue disk i n
	disks
	for engine in psync io_uring; do
		for rw in randread randwrite; do
			for queue in bio mq; do
				disk=${queue^^}
				set -- --ioengine=$engine --rw=$rw
				echo "csv,io,$engine $rw $queue,1,raw,$(fio_on "${!disk}" "$@")" >&3
				in_turns 3 io "$engine $rw $queue" 1 io_on $queue "$@"
			done
		done
	done
	in_turns 3 io "128 KiB" 1 io_on mq --ioengine=psync --rw=randread --bs=128k

	both stack1 "0 65536 linear $BIO 2048"
	for ((i = 2; i <= 31; i++)); do
		both "stack$i" "0 65536 linear /dev/mapper/$P-stack$((i - 1))-KIND 0"
	done
	for n in 1 2 8 31; do
		in_turns 3 io "stack" $n io_on stack$n --ioengine=psync --rw=randread
	done
	for n in 1 100 10000; do
		both "segments$n" "$(segments $n "$BIO")"
		in_turns 3 io "segments" $n io_on segments$n --ioengine=psync --rw=randread
	done
}

# segments NUMBER DEVICE: a table of so many, over 80,000 sectors.
segments() {
	awk -v n="$1" -v device="$2" 'BEGIN {
		for (size = int(10000 / n) * 8; i < n; i++)
			print i * size, size, "linear", device, i * size
	}'
}

for group; do
	check "$group" "$group"
done
finish
