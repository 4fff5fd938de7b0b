#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A user who is not root loads no table and sets no parameter, in a user namespace either.
. "$(dirname "$0")/lib.sh"

plan 20
require setpriv unshare
nobody() {
	setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}
# Root of a user namespace, with a sysfs of its own.
namespace() {
	nobody unshare --user --map-root-user --net --mount sh -c '
		mount -t sysfs sysfs /sys && exec "$@"' sh "$@"
}
plain() {
	"$@"
}

# denied COMMAND...: it fails, as its user may not do that.
denied() {
	says "Permission denied" "$@"
}

# write WHO PARAMETER VALUE: as that user.
write() {
	"$1" sh -c "echo $3 >$PARAMS/$2"
}

needs "user namespaces" nobody unshare --user --net --mount true
ramdisks 1 4
create a "0 2048 linear /dev/ram0 0" || exit 1
for who in plain nobody namespace; do
	may="may not" verdict=denied
	case $who in
	plain) user="root" may=may verdict=plain ;;
	nobody) user="an unprivileged user" ;;
	namespace) user="an unprivileged user who is root of a user namespace" ;;
	esac
	check "$user $may set takeover" $verdict write $who takeover 1
	check "$user $may set scope" $verdict write $who scope linear
	check "$user $may set max_depth" $verdict write $who max_depth 32
	check "$user $may load a table" \
		$verdict $who dmsetup reload "$P-a" --table "0 2048 linear 1:0 0"
	check "$user $may clear a table" $verdict $who dmsetup clear "$P-a"
	check "$user may read a counter" $who cat "$PARAMS/loops_refused"
done
check "root may not load a table in a user namespace of its own" denied \
	unshare --user --map-root-user dmsetup reload "$P-a" --table "0 2048 linear 1:0 0"
check "no table is left in the inactive slot" eval \
	"dmsetup info $P-a | grep -q '^Tables present: *LIVE\$'"
finish
