# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the tests of whole stacks share: a file system whose contents are known,
# and an LVM that sees nothing but the test's own loop devices.

# shellcheck source=tests/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# start_stack COUNT: plan that, with the loads of every driver checked.
start_stack() {
	plan "$1"
	hurry
	set_to scope all
	set_to max_depth 8
	DIR=$(mktemp -d)
	defer rmdir "$DIR"
}

# lvm_on SIZE...: loop devices of that many MiB, in LOOPS, which LVM sees with
# whatever LVs are on them, and no others.
lvm_on() {
	local size
	require lvm
	export LVM_SYSTEM_DIR=/dev/shm/$P.lvm LVM_SUPPRESS_FD_WARNINGS=1
	mkdir "$LVM_SYSTEM_DIR" || exit 1
	defer rm -r "$LVM_SYSTEM_DIR"
	LOOPS=()
	for size; do
		loop_device "$size"
		LOOPS+=("$LOOP")
	done
	cat >"$LVM_SYSTEM_DIR/lvm.conf" <<-EOF
		devices {
			global_filter = [ $(printf '"a|^%s$|", ' "${LOOPS[@]}") "a|^/dev/$P|", "a|^/dev/mapper/$P|", "r|.*|" ]
			scan_lvs = 1
			use_devicesfile = 0
			write_cache_state = 0
		}
		global { use_lvmpolld = 0 event_activation = 0 }
		activation {
			monitoring = 0
			udev_sync = 0
			udev_rules = 0
			polling_interval = 1
		}
		backup { backup = 0 archive = 0 }
		log { verbose = 0 level = 0 }
	EOF
}

# make_files DEVICE [TYPE]: a file system with two files, mounted on DIR.
make_files() {
	case ${2-ext4} in
	ext4) mkfs.ext4 -q -F "$1" ;;
	xfs) mkfs.xfs -q -f "$1" ;;
	esac && mount "$1" "$DIR" &&
		defer eval "! mountpoint -q $DIR || umount $DIR" &&
		sectors 0 4096 >"$DIR/one" && cp "$DIR/one" "$DIR/two" &&
		sync && WRITTEN=$(sha256sum <"$DIR/one")
}

# write_more: write another file, which intact does not read.
write_more() {
	dd if=/dev/urandom of="$DIR/more" bs=64k count=16 conv=fsync status=none
}

# intact: the two files on the disk are what they were.
intact() {
	echo 3 >/proc/sys/vm/drop_caches
	[ "$(sha256sum <"$DIR/one")" = "$WRITTEN" ] &&
		[ "$(sha256sum <"$DIR/two")" = "$WRITTEN" ]
}

# remount DEVICE: intact, after a new mount, with nothing in any cache.
remount() {
	umount "$DIR" && mount "$1" "$DIR" && intact
}

# guarded: the test has linear devices, and each is guarded.
guarded() {
	local all
	all=$(dmsetup status --target linear | grep "^$P")
	echo "$all"
	[ "$all" ] && ! grep -v ' guarded *$' <<<"$all"
}

# in_place: the data of each linear device of the test lies where its table says.
# Nothing may be mounted.
in_place() {
	local name start length device offset count=0
	while read -r name start length _ device offset; do
		device=$(<"/sys/dev/block/$device/uevent") device=${device#*DEVNAME=}
		device=/dev/${device%%$'\n'*}
		echo "${name%:} $start $length $device $offset"
		cmp <(read_sectors "/dev/mapper/${name%:}" "$start" "$length") \
			<(read_sectors "$device" "$offset" "$length") || return
		count=$((count + 1))
	done < <(dmsetup table --target linear | grep "$P")
	[ "$count" -gt 0 ]
}

read_sectors() {
	dd if="$1" bs=1M iflag=direct,skip_bytes,count_bytes status=none \
		skip=$(($2 * 512)) count=$(($3 * 512))
}
