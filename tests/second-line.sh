#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The machine survives a loop that no load was refused for, and the loop can be opened.
. "$(dirname "$0")/lib.sh"

plan 49
require perl
ramdisks 2 4
# A striped table that closes a loop must be accepted here.
set_to scope linear
A=/dev/mapper/$P-a B=/dev/mapper/$P-b
good="0 2048 linear /dev/ram0 0"

# The ioctl that libblkid sends to each new device, without its reads.
# shellcheck disable=SC2016 # that is Perl
pass_through() {
	perl -e 'open(F, "<", $ARGV[0]) or die "open: $!\n";
		ioctl(F, 0x80280215, $buffer = "x" x 4096) or die "ioctl: $!\n"' "$1"
}

# A key for persistent reservations goes down the stack in another way.  Whether that says
# that it has failed depends on the kernel: it is to come back, and not to panic.
register_key() {
	# shellcheck disable=SC2016 # that is Perl
	perl -e 'open(F, "+<", $ARGV[0]) or die "open: $!\n";
		print ioctl(F, 0x401870c8, $buffer = pack("QQLL", 0, 1, 0, 0)) ?
			"it was registered\n" : "ioctl: $!\n"' "$1"
}

create a "$good" && create b "0 2048 linear $A 0" || exit 1
echo "# a loop whose last table is another target's, and stays inactive"
check "b, stacked on a, can be suspended" dmsetup suspend "$P-b"
check "an inactive striped table of a that closes the loop is accepted" \
	reload a "0 2048 striped 1 8 $B 0"
before=$(counter resumes_refused)
check "b is resumed, as the table of a that closes the loop is not live" \
	dmsetup resume "$P-b"
same "b is active while the table of a that closes the loop is inactive" Active \
	"$(dmsetup info -c --noheadings -o suspended "$P-b")"
check "b can be read while the table of a that closes the loop is inactive" \
	can_be_read "$B"
same "no resume is counted as refused for an inactive table" "$before" \
	"$(counter resumes_refused)"
check "the striped table of a can be cleared while b is active" dmsetup clear "$P-a"
check "a new table of b onto a is accepted" reload b "0 1024 linear $A 0"
check "an inactive striped table of a closes a loop with the new table of b" \
	reload a "0 1024 striped 1 8 $B 0"
check "the new table of b is resumed for the first time, as the table of a is not live" \
	dmsetup resume "$P-b"
check "the striped table of a can be cleared once more" dmsetup clear "$P-a"
check "b gets its first table back" swap b "0 2048 linear $A 0"

echo "# a loop that another target has made live"
check "b can be suspended a second time" dmsetup suspend "$P-b"
check "a striped table of a that closes the loop is accepted again" \
	reload a "0 2048 striped 1 8 $B 0"
check "the striped table of a can be made live while b is suspended" dmsetup resume "$P-a"
before=$(($(counter resumes_refused) - ATTEMPTS))
refused "resume of b into a loop of live tables is refused with ELOOP" "$ELOOP" \
	"not resuming $P-b" dmsetup resume "$P-b"
same "the refused resume of b is counted in resumes_refused" "$((before + ATTEMPTS))" \
	"$(counter resumes_refused)"
same "b stays suspended after the refused resume" Suspended \
	"$(dmsetup info -c --noheadings -o suspended "$P-b")"
refused "a linear table of b that keeps the loop closed is refused with ELOOP" "$ELOOP" \
	"Device closes a loop" reload b "0 2048 linear $A 0"
check "a table of b onto a RAM disk can be made live and opens the loop" \
	swap b "0 2048 linear /dev/ram1 0"
check "a table of a onto a RAM disk replaces the striped one" swap a "$good"
check "a table of b onto a can be made live once the loop is open" \
	swap b "0 2048 linear $A 0"

echo "# a loop through a table of another target, which may be live or not for all that is known"
create y "0 2048 striped 1 8 /dev/ram0 0" && create z "$good" || exit 1
check "a table of z onto y is accepted, and stays inactive" \
	reload z "0 2048 linear /dev/mapper/$P-y 0"
check "a striped table of y that closes the loop can be made live" \
	swap y "0 2048 striped 1 8 /dev/mapper/$P-z 0"
refused "the first resume of the table of z onto y is refused with ELOOP" "$ELOOP" \
	"not resuming $P-z" dmsetup resume "$P-z"
check "the table of z onto y is resumed once y is on a RAM disk" eval \
	"swap y '0 2048 striped 1 8 /dev/ram0 0' && dmsetup resume $P-z"

echo "# a table that is refused for the second of its devices"
create x "$good" && create d "0 2048 linear /dev/mapper/$P-x 0" &&
	create e "0 2048 linear /dev/ram1 0" &&
	create two "0 1024 linear /dev/mapper/$P-d 0
		1024 1024 linear /dev/mapper/$P-e 0" || exit 1
two="/dev/mapper/$P-two"
check "a table onto two devices can be suspended, and one of them" eval \
	"dmsetup suspend $P-two && dmsetup suspend $P-d"
check "striped tables that close a loop through each of the two can be made live" eval \
	"swap x '0 2048 striped 1 8 $two 0' && swap e '0 2048 striped 1 8 $two 0'"
refused "the table onto two devices is not resumed into the loop through the second" "$ELOOP" \
	"not resuming $P-two" dmsetup resume "$P-two"
check "the first device is resumed, as the device above it stays suspended" \
	dmsetup resume "$P-d"
check "the table onto two devices can be resumed once both loops are open" eval \
	"swap x '$good' && swap e '0 2048 linear /dev/ram1 0' && dmsetup resume $P-two"

echo "# a loop of linear devices, closed by the stock target"
before=$(counter recursions_ended)
takeover 0
check "the stock target accepts a table of a that closes a loop" swap a "0 2048 linear $B 0"
takeover 1
check "an ioctl on a, part of a loop, ends with ELOOP" says "$ELOOP" pass_through "$A"
check "an ioctl on b, part of a loop, ends with ELOOP" says "$ELOOP" pass_through "$B"
check "both ioctls are counted in recursions_ended" \
	[ "$(counter recursions_ended)" -ge "$((before + 2))" ]
before=$(counter recursions_ended)
check "the registration of a key for reservations on a, part of a loop, ends" \
	register_key "$A"
check "the registration is counted in recursions_ended" \
	[ "$(counter recursions_ended)" -gt "$before" ]
create f "0 2048 linear /dev/ram1 0" || exit 1
takeover 0
check "the stock target accepts a table of a onto b and onto a device beside the loop" \
	swap a "0 1024 linear $B 0
		1024 1024 linear /dev/mapper/$P-f 0"
takeover 1
check "a table of a device below a loop can be made live" \
	swap f "0 2048 linear /dev/ram0 0"
set_to max_depth 1
refused "a table of b that opens the loop and makes too deep a stack is refused with ELOOP" \
	"$ELOOP" "Stack of devices is too deep" reload b "0 2048 linear /dev/mapper/$P-f 0"
set_to max_depth 32
check "the stock target accepts a table of a onto b alone" eval \
	"takeover 0 && swap a '0 2048 linear $B 0' && takeover 1"
# The walk that measures the depth must end, too.
refused "a device stacked on a loop is refused with ELOOP" "$ELOOP" \
	"Stack of devices is too deep" create c "0 2048 linear $B 0"
check "a guarded table of a onto a RAM disk can be made live and opens the loop" swap a "$good"
check "an ioctl on b reaches the RAM disk once the loop is open" \
	says "Inappropriate ioctl for device" pass_through "$B"
check "a read of b reaches the RAM disk once the loop is open" \
	can_be_read "$B"

echo "# a stack of stock devices, deeper than any that the guard accepts"
takeover 0
# On arm64, 64 devices are more than can be read.
most=52
[ "$MOST" = 48 ] || most=90
check "the stock target accepts a stack of more devices than max_depth can be" \
	chain s "$most" /dev/ram1
takeover 1
set_to max_depth "$MOST"
refused "a guarded table stacked on that many stock devices is refused with ELOOP" "$ELOOP" \
	"Stack of devices is too deep" reload a "0 2048 linear $CHAIN 0"
check "the stack of stock devices can be read" \
	can_be_read "$CHAIN"
same "nobody but the test's devices uses the module in the end" $((USERS + 9)) "$(users)"
finish
