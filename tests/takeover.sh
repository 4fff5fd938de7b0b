#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The name "linear" is taken over and handed back, under live devices.
. "$(dirname "$0")/lib.sh"

plan 29
with_udev
ramdisks 1 4
[ "$USERS" = 0 ] || skip "the module is in use"
sectors 0 8192 >/dev/ram0 && sync || exit 1
line="linear /dev/ram0"

# find_targets NAME: sets VERSIONS to those of all targets of that name.
find_targets() {
	local name version
	VERSIONS=()
	dmsetup targets >"$OUTPUT.said" || return
	while read -r name version; do
		[ "$name" != "$1" ] || VERSIONS+=("$version")
	done <"$OUTPUT.said"
}

# served NAME COUNT: so many targets there are of that name.
served() {
	find_targets "$1" && same_text "$2" "${#VERSIONS[@]}"
}

# reads FIRST NAME...: the devices still map their sectors, one after the other.
reads() {
	local first=$1
	shift
	cmp <(for name; do
		dd if="/dev/mapper/$P-$name" bs=4k iflag=direct status=none
	done) <(sectors "$first" $(($# * 8)))
}
all_read() {
	reads 0 stock guarded later named
}

check "the module can be unloaded while no device uses it" rmmod "$MODULE"
defer eval "[ -e $PARAMS ] || load_module"
check "only the stock target is named linear while the module is not loaded" \
	served linear 1
stock_version=${VERSIONS[*]}
create stock "0 8 $line 0" || exit 1

check "the module can be loaded while a stock device is live" load_module
same "takeover is on by default" Y "$(<"$PARAMS/takeover")"
check "one target is named linear-guard once the module is loaded" served linear-guard 1
check "two targets are named linear once the module is loaded" served linear 2
same "the guarded target has the version of the stock target" \
	"$stock_version $stock_version" "${VERSIONS[*]}"
same "the stock device is no user of the module" 0 "$(users)"
check "the stock device can be read once the module is loaded" reads 0 stock

create guarded "0 8 $line 8" || exit 1
exec 9<"/dev/mapper/$P-guarded"
same "a new linear device is a user of the module" 1 "$(users)"
check "unloading of a module that has a user is refused" says "is in use" rmmod "$MODULE"
check "the guarded device can be read after the refused unloading" reads 8 guarded

check "takeover can be turned off while a guarded device is live" takeover 0
check "only the stock target is named linear once takeover is off" served linear 1
create later "0 8 $line 16" || exit 1
same "a new linear device gets the stock target while takeover is off" 1 "$(users)"
read -r _ _ kind _ < <(dmsetup table "$P-guarded")
same "a guarded table is still shown as linear while takeover is off" linear "$kind"
create named "0 8 linear-guard /dev/ram0 24" || exit 1
same "a table of linear-guard uses the module while takeover is off" 2 "$(users)"
check "all four devices can be read while takeover is off" all_read

check "an open guarded device can be moved to the stock target" swap guarded "0 8 $line 8"
same "the module has lost the device that was moved to the stock target" 1 "$(users)"
check "takeover can be turned on again" takeover 1
check "an open device can be moved back to the guarded target" swap guarded "0 8 $line 8"
check "a device that was always stock can be moved to the guarded target" \
	swap stock "0 8 $line 0"
same "the module has two more users after the two moves" 3 "$(users)"
check "all four devices can be read after the moves" all_read

check "a value of takeover that is no boolean is refused with EINVAL" eval \
	"says '$EINVAL' takeover maybe && [ \$(counter takeover) = Y ]"
exec 9<&-
for name in guarded stock named; do
	remove_device "$P-$name" || exit 1
done
check "the module can be unloaded while a stock device is live" rmmod "$MODULE"
check "the stock target serves linear once the module is unloaded" eval \
	"served linear 1 && create after '0 8 $line 32' && reads 32 after"
{ load_module takeover=0 && find_targets linear; } || exit 1
same "a module loaded with takeover off leaves linear to the stock target" "1 N" \
	"${#VERSIONS[@]} $(counter takeover)"
remove_device "$P-after"
finish
