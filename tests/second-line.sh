#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# In loops that no load was refused for, the machine lives and can be mended.
. "$(dirname "$0")/lib.sh"

plan 27
require perl
ramdisks 2 4
# Nothing may read what runs in circles.
without_udev
set_to scope linear
A=/dev/mapper/$P-a B=/dev/mapper/$P-b
good="0 2048 linear /dev/ram0 0"

# The ioctl that libblkid sends to each new device, without its reads.
# shellcheck disable=SC2016 # that is Perl
pass_through() {
	timeout 20 perl -e 'open(F, "<", $ARGV[0]) or die "open: $!\n";
		ioctl(F, 0x80280215, $buffer = "x" x 4096) or die "ioctl: $!\n"' "$1"
}

# says WANTED COMMAND...: the command fails, and says that.
says() {
	local output
	output=$("${@:2}" 2>&1) && return 1
	echo "$output"
	[[ $output == *"$1"* ]]
}

create a "$good"
create b "0 2048 linear $A 0"
echo "# a loop whose last table is another target's, and not resumed yet"
check "b is suspended" dmsetup suspend "$P-b"
check "a striped table would close a loop" reload a "0 2048 striped 1 8 $B 0"
before=$(counter resumes_refused)
refused "b is not resumed into it" "$ELOOP" "not resuming $P-b" \
	dmsetup resume "$P-b"
same "which is counted" "$((before + 1))" "$(counter resumes_refused)"
same "b stays suspended" Suspended \
	"$(dmsetup info -c --noheadings -o suspended "$P-b")"
check "when the other table is cleared" dmsetup clear "$P-a"
check "b is resumed" dmsetup resume "$P-b"

echo "# a loop that another target has made live"
check "b is suspended" dmsetup suspend "$P-b"
check "a is striped" reload a "0 2048 striped 1 8 $B 0"
check "and live" dmsetup resume "$P-a"
refused "b is not resumed into it" "$ELOOP" "not resuming $P-b" \
	dmsetup resume "$P-b"
refused "nor with a new table" "$ELOOP" "Device closes a loop" \
	reload b "0 2048 linear $A 0"
check "a good table for b is" swap b "0 2048 linear /dev/ram1 0"
check "and a good one for a" swap a "$good"
check "and b as it was" swap b "0 2048 linear $A 0"

echo "# a loop of linear devices, closed by the stock target"
before=$(counter recursions_ended)
takeover 0
check "the stock target takes it" swap a "0 2048 linear $B 0"
takeover 1
check "an ioctl ends" says "Too many levels of symbolic links" pass_through "$A"
check "on either" says "Too many levels of symbolic links" pass_through "$B"
check "which is counted" [ "$(counter recursions_ended)" -ge "$((before + 2))" ]
# Who looks for the depth of this must not run round in it.
refused "nothing goes on top of it" "$ELOOP" "Stack of devices is too deep" \
	create c "0 2048 linear $B 0"
check "a can be mended" swap a "$good"
check "so that the ioctl gets to the bottom" \
	says "Inappropriate ioctl for device" pass_through "$B"
check "and data too" dd if="$B" of=/dev/null bs=4k count=1 iflag=direct

echo "# a stack of stock devices, deeper than any may get"
takeover 0
check "90 of them are stacked" chain s 90 /dev/ram1
takeover 1
set_to max_depth 64
refused "a guarded one is not put on top" "$ELOOP" "Stack of devices is too deep" \
	reload a "0 2048 linear $CHAIN 0"
check "which can be read" dd if="$CHAIN" of=/dev/null bs=4k count=1 iflag=direct
same "the module is what it was" 2 "$(users)"
finish
