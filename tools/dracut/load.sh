#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Load the module before udev finds the first disk.
# Usage: sourced by dracut's initramfs, as a hook.

# With -b, rd.driver.blacklist=dm-linear-guard keeps it out.
modprobe -b -q dm-linear-guard
