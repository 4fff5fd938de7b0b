# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# udevd in a VM that has no systemd to start it.

udev_runs() {
	# A process may go while it is looked at.
	grep -sqxE 'systemd-udevd|\(udev-worker\)' /proc/[0-9]*/comm
}

# udev_ends: it is asked to, until it has.
udev_ends() {
	! udev_runs || { udevadm control --exit; false; }
}

# Nothing of ours stays open in it: who runs the test waits for our output's end.
start_udev() (
	exec </dev/null >/dev/null 2>&1
	for fd in /proc/self/fd/*; do
		fd=${fd##*/}
		[ "$fd" -le 2 ] || eval "exec $fd>&-"
	done
	exec /lib/systemd/systemd-udevd --daemon
)
