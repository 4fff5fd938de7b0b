# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the panic-* tests share.  They pass where the module is loaded; without
# it, which is for VMs alone, the machine does not live to say anything.

PARAMS=/sys/module/dm_linear_guard/parameters
P=dlg$$

# Nothing is left behind, in whatever order it has to go.
clean_up() {
	local pass name
	udevadm control --start-exec-queue
	for pass in 1 2 3; do
		for name in $(dmsetup ls | sed -n "s/^\($P-[^\t]*\).*/\1/p" |
			sort -t- -k2 -rV); do
			[ "$pass" = 1 ] || dmsetup wipe_table "$name"
			dmsetup remove --retry "$name"
		done
	done >/dev/null 2>&1
	[ ! -d "$PARAMS" ] || echo linear >"$PARAMS/scope"
	rmmod brd
}

# live DEVICE...: ask and read them as udev does; without the module, nothing
# lives on.
live() {
	local device status=0
	[ -d "$PARAMS" ] || echo "# no module: this is the end" >&2
	for device; do
		/lib/udev/ata_id "$device" >/dev/null 2>&1
		blkid -p "$device" >/dev/null
		dd if="$device" of=/dev/null bs=4k count=1 iflag=direct \
			status=none || status=1
	done
	if [ "$status" = 0 ]; then
		echo "ok 1 the machine lives, and what was there serves"
	else
		echo "not ok 1 what was there does not serve"
	fi
	exit "$status"
}

echo "TAP version 13"
echo "1..1"
if [ -e /dev/ram0 ] || ! modprobe brd rd_nr=1 rd_size=4096; then
	echo "ok 1 # SKIP no RAM disk"
	exit 4
fi
udevadm settle
echo "${0##*/} begins" >/dev/kmsg
trap clean_up EXIT
