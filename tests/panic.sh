# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the panic-* tests share.  They pass where the module is loaded; without
# it, which is for VMs alone, the kernel goes down before there is a verdict.
# NO_UDEV: udev is to keep away.

PARAMS=/sys/module/dm_linear_guard/parameters
P=dlg$$
STATUS=0

skip() {
	echo "1..0 # SKIP $*"
	exit 4
}

# Devices are removed in whatever order that is possible.
clean_up() {
	local status=$? pass names left said=''
	[ "${DM_DISABLE_UDEV-}" ] || stop_udev
	for pass in remove wipe; do
		mapfile -t names < <(dmsetup ls | sed -n "s/^\($P-[^\t]*\).*/\1/p" |
			sort -t- -k2 -rV)
		[ ${#names[@]} -gt 0 ] || break
		[ "$pass" = remove ] || said+=$(dmsetup wipe_table "${names[@]}" 2>&1)
		said+=$(dmsetup remove "${names[@]}" 2>&1)
	done
	left=$(dmsetup ls | grep "^$P-") && unclean "devices are left: $left $said"
	rmmod brd || unclean "brd is not removed"
	[ ! -d /run/systemd/system ] || udevadm control --start-exec-queue
	exit "$status"
}

# unclean WHAT: of clean_up, which fails the test by it.
unclean() {
	echo "# clean-up: ${1//$'\n'/; }"
	status=1
}

# stop_udev: nobody has the devices open any more, or opens new ones.  What udev has
# not begun to do, it does not do, where it may be ended: that takes longer than the test.
stop_udev() {
	if [ -d /run/systemd/system ]; then
		udevadm settle
		udevadm control --stop-exec-queue
	else
		until udev_ends; do
			sleep 0.1
		done
		rm -f /run/udev/{control,queue}
	fi
	export DM_DISABLE_UDEV=1
}

# closes COMMAND...: what closes a loop, or makes a stack too deep.  The module
# refuses it with ELOOP; any other error fails the test.  What kills the kernel comes after
# the line in its log.
closes() {
	local said
	echo "${0##*/} closes it" >/dev/kmsg
	said=$("$@" 2>&1) && return
	echo "# ${said//$'\n'/; }"
	[[ $said == *"Too many levels of symbolic links"* ]] || STATUS=1
	return 1
}

# live DEVICE...: probe and read them as udev does; without the module, this takes
# the kernel down.  They are no ATA disks, and hold nothing that blkid would find.
live() {
	local device not=''
	[ -d "$PARAMS" ] || [ "${UPSTREAM-}" ] ||
		echo "# there is no module: the kernel goes down now" >&2
	for device; do
		/lib/udev/ata_id "$device" >/dev/null
		blkid -p "$device" >/dev/null
		dd if="$device" of=/dev/null bs=4k count=1 iflag=direct \
			status=none || STATUS=1
	done
	[ "$STATUS" = 0 ] || not="not "
	echo "${not}ok 1 the kernel survives, and the devices can be read"
	exit "$STATUS"
}

echo "TAP version 13"
[ ! -e /dev/ram0 ] || skip "RAM disks are in use"
said=$(modprobe brd rd_nr=1 rd_size=4096 2>&1) || skip "no RAM disk: modprobe said: $said"
echo "1..1"
# shellcheck source=tests/udev.sh
. "${0%/*}/udev.sh"
if [ "${NO_UDEV-}" ]; then
	stop_udev
else
	udev_runs || start_udev
	until udevadm control --ping; do
		sleep 0.1
	done
	udevadm settle
fi
trap clean_up EXIT
