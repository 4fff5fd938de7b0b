#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Have dracut's initramfs load the module before LVM and others load their tables.
# Usage: called by dracut, from /usr/lib/dracut/modules.d/90dm-linear-guard.

# A kernel that it is not built for boots as it did without.
check() {
	modinfo -k "${kernel:?}" dm-linear-guard >/dev/null 2>&1
}

depends() {
	echo dm
}

installkernel() {
	# Not only what this machine has loaded at the moment.
	hostonly='' instmods dm-linear-guard
}

# Before udev finds the first disk.
install() {
	inst_hook pre-udev 30 "${moddir:?}/load.sh"
}
