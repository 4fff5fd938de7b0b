#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Have dracut's initramfs load the module before LVM and others load their tables.
# Usage: called by dracut, from /usr/lib/dracut/modules.d/90dm-linear-guard.

# A kernel that it is not built for boots as it did without.
check() {
	local said
	# Not by dracut's own functions, which --quiet makes say nothing.
	said=$(modinfo -k "${kernel:?}" -n dm-linear-guard 2>&1) || {
		echo "W: dm-linear-guard: Linux $kernel will boot unguarded: $said" >&2
		return 1
	}
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
