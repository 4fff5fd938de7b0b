# shellcheck shell=bash disable=SC2034
# What the scripts share: kernels and suites, the cache, messages, becoming root.
# Usage: . scripts/common.sh (sourced, never run)

set -euo pipefail
shopt -s inherit_errexit
umask 022

KERNELS="5.10 6.1 6.12 7.2"
NEWEST=7.2
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CACHE=${DM_LINEAR_GUARD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/dm-linear-guard}
mkdir -p "$CACHE"

say() { printf '==> %s\n' "$*" >&2; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# Debian's suite for a kernel of ours, or for a variant of it.
suite_of() {
	case ${1%-*} in
	5.10) echo bullseye ;;
	6.1) echo bookworm ;;
	6.12) echo trixie ;;
	7.2) echo forky ;;
	*) die "no kernel '$1'; there are: $KERNELS" ;;
	esac
}

# What a variant of a kernel is configured by: nothing for Debian's own.
configs_of() {
	local dir=$TOP/tests/debug
	case $1 in
	*-debug) echo "$dir"/{config,kasan.config,all.config} "$TOP/tests/config" ;;
	*-kasan | *-kcsan) echo "$dir"/{config,"${1##*-}.config"} ;;
	*-*) die "no variant '$1'; there are: -debug, -kasan, -kcsan" ;;
	esac
}

as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# /dev/kvm is there on some machines whose processor cannot serve it.
kvm_works() {
	[ -w /dev/kvm ] && grep -qwE 'vmx|svm' /proc/cpuinfo
}

# end_jobs: whatever still runs in the background; under set -m, each job is a
# process group, so that all of it can be ended.
end_jobs() {
	local job
	for job in $(jobs -p); do
		kill -- "-$job" 2>/dev/null || true
	done
}

# Roots hold files of root's; the rest of the cache is this user's own.
discard() {
	rm -rf "$@" 2>/dev/null || as_root rm -rf "$@"
}

# cached NAME KEY MAKER: the directory CACHE/NAME-KEY, made by calling MAKER
# with an empty directory that is renamed when it is complete, and is removed
# when it is not.  NAME under any older key is removed as well.  Two callers
# wait for each other.  Ends the script that calls it, in effect: it has the
# traps.
cached() {
	local dir=$CACHE/$1-$2 lock
	exec {lock}>"$CACHE/$1.lock"
	flock "$lock"
	if [ ! -d "$dir" ]; then
		part=$dir.part
		trap 'discard "$part"' EXIT
		trap 'exit 130' INT TERM
		# A key is twelve digits; 6.12 is not to match 6.12-debug.
		discard "$CACHE/$1-"????????????{,.part}
		mkdir "$part"
		# Not in a condition: set -e has to hold inside the maker.
		"$3" "$part" >&2
		mv "$part" "$dir"
		trap - EXIT INT TERM
	fi
	exec {lock}>&-
	echo "$dir"
}

# in_root ROOT DIR COMMAND...: run a command in a root made by scripts/root,
# with DIR as its only writable directory, /mnt, and no network.
in_root() {
	local root=$1 dir=$2
	shift 2
	bwrap --ro-bind "$root" / --proc /proc --dev /dev --tmpfs /tmp \
		--bind "$dir" /mnt --chdir /mnt --unshare-all --die-with-parent \
		--clearenv --setenv PATH /usr/sbin:/usr/bin:/sbin:/bin \
		--setenv LC_ALL C.UTF-8 "$@"
}
