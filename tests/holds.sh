# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the tests share in which somebody holds up others: programs that hold something, and
# two stacks of three devices, one of the stock target and one of the guarded, with which
# another program does meanwhile what can be done.

# shellcheck source=tests/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

HERE=${BASH_SOURCE[0]%/*}

# make_stacks: sets STACK, which says for cycle.c where each is.
declare -A STACK
make_stacks() {
	built cycle
	await_holders
	# The guarded target is asked for by its own name: nothing needs to be set later.
	takeover 0
	make_stack stock linear /dev/ram0 && make_stack guarded linear-guard /dev/ram1 || exit 1
}

# await_holders: before begin is called; sets DIR.
await_holders() {
	DIR=$(mktemp -d)
	defer rm -r "$DIR"
	HOLDERS=()
	defer end_holders
}

# users_can_hold: with hold.c, skipped if that cannot be.
users_can_hold() {
	require setpriv unshare
	built hold
	needs FUSE modprobe fuse
	needs "user namespaces" setpriv --reuid=65534 --regid=65534 --clear-groups \
		unshare --user --mount true
	# As udev has it.
	defer chmod "$(stat -c %a /dev/fuse)" /dev/fuse
	chmod 666 /dev/fuse || exit 1
}

make_stack() {
	local below=$3 name
	STACK[$1]="$2 $3"
	for name in a b c; do
		create "$1-$name" "0 2048 $2 $below 0" || return
		below=/dev/mapper/$P-$1-$name
		STACK[$1]+=" $P-$1-$name"
	done
}

# find_stacks: sets DEVICES to their directories in sysfs, those of the uppermost, which
# are removed and made again, being TOPS alone.
find_stacks() {
	local paths=("/dev/mapper/$P-"{stock,guarded}-{a,b,c}) minors i
	mapfile -t minors < <(stat -L -c %T "${paths[@]}")
	DEVICES=() TOPS=()
	for i in 0 1 3 4; do
		DEVICES+=("/sys/block/dm-$((16#${minors[i]}))")
	done
	# shellcheck disable=SC2034
	TOPS=("/sys/block/dm-$((16#${minors[2]}))" "/sys/block/dm-$((16#${minors[5]}))")
}

# goes_on STACK [OPTION...]: all that is done with it is done, whoever holds what.  Else
# the holders have to go first, before anything else can.
goes_on() {
	local pid stack
	read -ra stack <<<"${STACK[$1]}"
	"$HERE/cycle" "${@:2}" "${stack[@]}" >"$DIR/steps" 2>&1 &
	pid=$!
	has_gone_on
}

# has_gone_on: of goes_on; also of what else does so and is the process pid.
has_gone_on() {
	local status=0
	wait_for has_ended "$pid" || {
		echo "it hangs in the kernel:"
		cat "/proc/$pid/stack"
		end_holders
		status=1
	}
	wait "$pid" || status=$?
	echo "the last of the steps:"
	tail -n 2 "$DIR/steps"
	return "$status"
}

# begin WORD COMMAND...: run it, until end_holders or let_go; it holds as soon as it says
# WORD, alone in a line.
begin() {
	local pid
	SAID=$DIR/said.${#HOLDERS[@]}
	: >"$SAID"
	"${@:2}" >"$SAID" 2>&1 &
	pid=$!
	if wait_for eval "has_said '$1' || has_ended $pid" && has_said "$1"; then
		HOLDERS+=("$pid")
		return
	fi
	cat "$SAID"
	has_ended "$pid" || kill -KILL "$pid"
	wait "$pid"
	return 1
}

has_said() {
	[[ $'\n'$(<"$SAID")$'\n' == *$'\n'"$1"$'\n'* ]]
}

# let_go: end what holds, all of which has held until now.
let_go() {
	[ ${#HOLDERS[@]} -gt 0 ] || {
		echo "nothing holds any more"
		thaw
		return 1
	}
	end_holders
}

# end_holders: they are killed, but for one that lets go by itself, and says whether it
# has held until then.
end_holders() {
	local pid status=0 result
	thaw
	for pid in "${HOLDERS[@]}"; do
		result=0
		kill "$pid" || status=1
		wait "$pid" || result=$?
		case $result in
		0 | 143) ;;
		*) status=1 ;;
		esac
	done
	HOLDERS=()
	[ "$status" = 0 ] || cat "$DIR"/said.*
	return "$status"
}

# make_group CONTROLLER...: sets GROUP to a control group with these.
make_group() {
	local controller root
	root=$(mktemp -d)
	defer rmdir "$root"
	needs cgroup2 mount -t cgroup2 none "$root"
	defer umount "$root"
	for controller; do
		needs "control group with $controller" \
			eval "echo +$controller >$root/cgroup.subtree_control"
	done
	GROUP=$root/$P
	mkdir "$GROUP" || exit 1
	# Who has just ended may be there for a moment.
	defer wait_for rmdir "$GROUP"
}

# in_group COMMAND...: in the control group.
in_group() {
	# shellcheck disable=SC2016 # the shell that it starts is to know its number
	exec sh -c 'echo $$ >"$1/cgroup.procs" && shift && exec "$@"' sh "$GROUP" "$@"
}

freeze() {
	FROZEN=yes
	echo 1 >"$GROUP/cgroup.freeze"
}

thaw() {
	[ ! "${FROZEN-}" ] || echo 0 >"$GROUP/cgroup.freeze"
	FROZEN=''
}
