# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the tests of whole stacks share: a file system whose contents are known,
# and an LVM that sees nothing but the test's own loop devices.

# shellcheck source=tests/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# start_stack COUNT: plan that, with the loads of every driver checked, or as SCOPE has it.
start_stack() {
	plan "$1"
	hurry
	set_to scope "${SCOPE:-all}"
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
			md_component_detection = 0
			multipath_component_detection = 0
		}
		global { use_lvmpolld = 0 event_activation = 0 }
		activation {
			monitoring = 0
			udev_sync = 0
			udev_rules = 0
			polling_interval = 1
			reserved_memory = 256
		}
		backup { backup = 0 archive = 0 }
		log { verbose = 0 level = 0 }
	EOF
}

# lvm_does COMMAND...: one lvm for all, as its start takes longer than most of them;
# it ends at the first that fails.
lvm_does() {
	printf '%s\n' '#!lvm' "$@" >"$LVM_SYSTEM_DIR/commands" &&
		lvm "$LVM_SYSTEM_DIR/commands"
}

# make_files DEVICE [TYPE]: a file system with two files, mounted on DIR; in memory,
# WRITTEN is what both are to be.
make_files() {
	case ${2-ext4} in
	ext4) mkfs.ext4 -q -F "$1" ;;
	xfs) mkfs.xfs -q -f "$1" ;;
	esac && mount "$1" "$DIR" &&
		defer eval "! mountpoint -q $DIR || umount $DIR" &&
		WRITTEN=/dev/shm/$P.written && defer rm -f "$WRITTEN" &&
		sectors 0 2048 >"$WRITTEN" &&
		tee "$DIR/one" "$DIR/two" <"$WRITTEN" >/dev/null && sync
}

# write_more: write another file, which intact does not read.
write_more() {
	dd if=/dev/urandom of="$DIR/more" bs=64k count=16 conv=fsync status=none
}

# intact: the two files on the disk are what they were, whatever is in the cache.  To drop
# all caches instead has an emulated machine translate all its programs again.
intact() {
	local file
	for file in one two; do
		cmp "$WRITTEN" <(dd if="$DIR/$file" bs=1M iflag=direct status=none) || return
	done
}

# mount_intact DEVICE [OPTION...]: intact, after a mount: nothing is in the cache.
mount_intact() {
	mount "${@:2}" "$1" "$DIR" && cmp "$WRITTEN" "$DIR/one" && cmp "$WRITTEN" "$DIR/two"
}

# remount DEVICE: intact, after a new mount.
remount() {
	umount "$DIR" && mount_intact "$1"
}

# guarded: the test has linear devices, and each is guarded, if there is a module.
guarded() {
	local all
	[ ! "${UPSTREAM-}" ] || return 0
	all=$(dmsetup status --target linear | grep "^$P")
	echo "$all"
	[ "$all" ] && ! grep -v ' guarded *$' <<<"$all"
}

# in_place: the data of each linear device of the test lies where its table says.
# Nothing may be mounted.
in_place() {
	local name start length device offset i=0 uppers=() lowers=() ranges=()
	while read -r name start length _ device offset; do
		device=$(<"/sys/dev/block/$device/uevent") device=${device#*DEVNAME=}
		uppers+=("/dev/mapper/${name%:}")
		lowers+=("/dev/${device%%$'\n'*}")
		ranges+=("$((length * 512)) $((start * 512)) $((offset * 512))")
	done < <(dmsetup table --target linear | grep "$P")
	# What is in a cache is not to be compared.
	[ ${#ranges[@]} -gt 0 ] && blockdev --flushbufs "${uppers[@]}" "${lowers[@]}" || return
	for i in "${!ranges[@]}"; do
		read -r length start offset <<<"${ranges[i]}"
		echo "${uppers[i]} $start ${lowers[i]} $offset, $length bytes"
		cmp -n "$length" "${uppers[i]}" "${lowers[i]}" "$start" "$offset" || return
	done
}
