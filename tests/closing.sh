#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# With scope=all, no target closes a loop, nor makes a stack too deep.
. "$(dirname "$0")/lib.sh"

kinds=(striped crypt delay origin snapshot thin mirror raid1 writecache)
plan $((4 * ${#kinds[@]} + 4))
ramdisks 3 8
without_udev
KEY=00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
for module in dm-{crypt,delay,snapshot,thin-pool,mirror,raid,writecache}; do
	modprobe -q "$module"
done

# table KIND DEVICE: one of 4 MiB on it; what it needs besides is on /dev/ram1.
table() {
	case $1 in
	striped) echo "0 8192 striped 1 8 $2 0" ;;
	crypt) echo "0 8192 crypt aes-xts-plain64 $KEY 0 $2 0" ;;
	delay) echo "0 8192 delay $2 0 0" ;;
	origin) echo "0 8192 snapshot-origin $2" ;;
	snapshot) echo "0 8192 snapshot $2 /dev/ram1 N 8" ;;
	thin) echo "0 8192 thin-pool /dev/ram1 $2 128 0" ;;
	mirror) echo "0 8192 mirror core 2 1024 nosync 2 $2 0 /dev/ram1 0" ;;
	raid1) echo "0 8192 raid raid1 3 0 region_size 1024 2 - $2 - /dev/ram1" ;;
	writecache) echo "0 8192 writecache s $2 /dev/ram1 4096 0" ;;
	esac
}

set_to scope all
create a "0 8192 linear /dev/ram0 0"
create b "0 8192 linear /dev/mapper/$P-a 0"
# A mapped device keeps the kind of queue that it began with.
create c "0 8192 linear /dev/mapper/$P-b 0"
held=$(find /sys/block/ram0/holders/ -type l | wc -l)
for kind in "${kinds[@]}"; do
	dd if=/dev/zero of=/dev/ram1 bs=4k count=1 oflag=direct status=none
	refused "$kind closes no loop" "$ELOOP" "refusing $P-a" \
		reload a "$(table "$kind" "/dev/mapper/$P-c")"
	set_to max_depth 3
	refused "$kind is not too deep as a first table" "$ELOOP" \
		"refusing $P-new" create new "$(table "$kind" "/dev/mapper/$P-c")"
	set_to max_depth 4
	check "$kind is accepted where it is neither" \
		create new "$(table "$kind" "/dev/mapper/$P-c")"
	check "$kind serves" dd if="/dev/mapper/$P-new" of=/dev/null bs=4k \
		count=1 iflag=direct
	remove_device "$P-new"
done
same "no inactive table is left of all these" "" \
	"$(dmsetup table --inactive "$P-a")"
same "nothing more is held" "$held" \
	"$(find /sys/block/ram0/holders/ -type l | wc -l)"

set_to scope linear
check "with scope=linear a loop can be loaded" \
	reload a "$(table striped "/dev/mapper/$P-c")"
check "and cleared" dmsetup clear "$P-a"
finish
