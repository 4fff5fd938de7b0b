#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The name "linear" is taken over and handed back, under live devices.
. "$(dirname "$0")/lib.sh"

plan 29
ramdisks 1 4
sectors 0 8192 >/dev/ram0
sync
[ "$USERS" = 0 ] || skip "the module is in use"
line="linear /dev/ram0"

# served NAME: how many entries there are of that name.
served() {
	dmsetup targets | grep -cE "^$1 +v"
}

# reads NAME FIRST: the device still maps its sectors.
reads() {
	cmp <(dd if="/dev/mapper/$P-$1" bs=4k iflag=direct status=none) \
		<(sectors "$2" 8)
}

# versions: of each entry of the name.
versions() {
	dmsetup targets | awk '$1 == "linear" { print $2 }'
}

check "without devices the module goes" rmmod "$MODULE"
defer eval "[ -e $PARAMS ] || load_module"
same "the stock target has the name to itself" 1 "$(served linear)"
stock_version=$(versions)
create stock "0 8 $line 0"

check "the module loads over a live device" load_module
same "it serves the name by default" Y "$(cat "$PARAMS/takeover")"
same "both targets are there" 2 "$(served linear)"
same "and the one with its own name" 1 "$(served linear-guard)"
same "its version is stock's" "$stock_version $stock_version" \
	"$(versions | paste -s -d ' ')"
same "the stock device is not its user" 0 "$(users)"
check "the stock device reads on" reads stock 0

create guarded "0 8 $line 8"
exec 9<"/dev/mapper/$P-guarded"
same "a new device is its user" 1 "$(users)"
check "it cannot be unloaded" eval "! rmmod $MODULE"
check "the guarded device reads on" reads guarded 8

check "the name is given back" takeover 0
same "the stock target serves it" 1 "$(served linear)"
create later "0 8 $line 16"
same "a new device goes to the stock target" 1 "$(users)"
same "a guarded table is a linear table still" linear \
	"$(dmsetup table "$P-guarded" | awk '{ print $3 }')"
create named "0 8 linear-guard /dev/ram0 24"
same "the target's own name works all the time" 2 "$(users)"
check "all of them read on" eval \
	"reads stock 0 && reads guarded 8 && reads later 16 && reads named 24"

check "an open device moves to the stock target" swap guarded "0 8 $line 8"
same "the module has lost a user" 1 "$(users)"
check "the name is taken again" takeover 1
check "the open device moves back" swap guarded "0 8 $line 8"
check "so does one that was stock all the time" swap stock "0 8 $line 0"
same "the module has two users more" 3 "$(users)"
check "all of them read on" eval \
	"reads stock 0 && reads guarded 8 && reads later 16 && reads named 24"

check "what is no boolean is refused" eval \
	"! takeover maybe 2>/dev/null && [ \$(cat $PARAMS/takeover) = Y ]"
exec 9<&-
for name in guarded stock named; do
	remove_device "$P-$name"
done
check "the module goes over a live stock device" rmmod "$MODULE"
check "the stock target serves the name" eval \
	"[ $(served linear) = 1 ] && create after '0 8 $line 32' && reads after 32"
load_module takeover=0
same "loaded with takeover off, it leaves the name alone" "1 N" \
	"$(served linear) $(cat "$PARAMS/takeover")"
remove_device "$P-after"
finish
