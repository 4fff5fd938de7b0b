#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Who is not root loads nothing and sets nothing, in a user namespace neither.
. "$(dirname "$0")/lib.sh"

plan 20
require setpriv unshare
ramdisks 1 4
without_udev
create a "0 2048 linear /dev/ram0 0"

plain() {
	"$@"
}
nobody() {
	setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}
# Root there, with a sysfs of its own.
namespace() {
	nobody unshare --user --map-root-user --net --mount sh -c '
		mount -t sysfs sysfs /sys && exec "$@"' sh "$@"
}

write() {
	"$1" sh -c "echo $3 >$PARAMS/$2"
}
for who in plain nobody namespace; do
	may=fails
	[ $who != plain ] || may=plain
	if [ $who = namespace ] && ! nobody unshare --user --net --mount true; then
		skipped 6 "no user namespaces for users"
		continue
	fi
	check "$who: takeover" $may write $who takeover 1
	check "$who: scope" $may write $who scope linear
	check "$who: max_depth" $may write $who max_depth 32
	check "$who: a load" $may $who dmsetup reload "$P-a" --table "0 2048 linear 1:0 0"
	check "$who: a clear" $may $who dmsetup clear "$P-a"
	check "$who: a parameter is there to be read" \
		$who cat "$PARAMS/loops_refused"
done
check "root in a namespace of its own: a load" fails \
	unshare --user --map-root-user dmsetup reload "$P-a" --table "0 2048 linear 1:0 0"
check "nothing is loaded" eval "dmsetup info $P-a | grep -q '^Tables present: *LIVE\$'"
finish
