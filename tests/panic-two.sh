#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Two linear devices in a loop take any kernel down that accepts the loop.
. "$(dirname "$0")/panic.sh"

dmsetup create "$P-a" --table "0 2048 linear /dev/ram0 0"
dmsetup create "$P-b" --table "0 2048 linear /dev/mapper/$P-a 0"
closes dmsetup reload "$P-a" --table "0 2048 linear /dev/mapper/$P-b 0"
dmsetup resume --noudevsync "$P-a"
live "/dev/mapper/$P-a" "/dev/mapper/$P-b"
