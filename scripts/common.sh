# shellcheck shell=bash disable=SC2034
# What the scripts share: kernels and suites, the cache, messages, becoming root.
# Usage: . scripts/common.sh (sourced, never run)

set -euo pipefail
shopt -s inherit_errexit
umask 022

# Debian's kernels, each by the version that its suite had first, and whatever is the
# newest package of one.
KERNELS="5.10 6.1 6.12 7.2 newest"
# Those of other architectures, and amd64's others, by what the names of their packages end
# in.  Each can be asked for as in "6.12-arm64".
FLAVOURS="cloud-amd64 rt-amd64 arm64 arm64-16k armmp armmp-lpae 686 686-pae powerpc64le
	powerpc64le-64k riscv64 s390x"
# What is tested on arm64 and on amd64's others, the guard's own and the path of data; and
# on the rest.  "make test-all" has all tests there.
GUARDS="seed self loops depth through closing second-line scope race fuzz offsets io"
GUARDS+=" discard identical takeover window command"
FEW="seed loops fuzz offsets scope"
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CACHE=${DM_LINEAR_GUARD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/dm-linear-guard}
# What the last runs of this checkout have printed.
LOGS=$TOP/logs
# The exit status if a mirror has not what its index lists, so that nothing can be tried.
LACKING=3
# The disk that brings a VM its job.
JOB_SIZE=64M
mkdir -p "$CACHE"

say() { printf '==> %s\n' "$*" >&2; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# Debian's suite for a kernel of ours, or for a variant or a flavour of it.
suite_of() {
	case ${1%%-*} in
	5.10) echo bullseye ;;
	6.1) echo bookworm ;;
	6.12) echo trixie ;;
	7.2) echo forky ;;
	newest) newest 1 ;;
	*) die "no kernel '$1'; there are: $KERNELS" ;;
	esac
}

# apt_of DIR ARCHITECTURE SUITE...: sets APT to options that have apt, with its files in
# DIR, know of these alone, and has it ask for what they have.
apt_of() {
	local dir=$1 suite mirror
	mkdir -p "$dir"/{lists,cache}/partial
	for suite in "${@:3}"; do
		mirror=http://deb.debian.org/debian
		[ "$suite" = "${suite%-security}" ] || mirror+=-security
		echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]" \
			"$mirror $suite main"
	done >"$dir/list"
	APT=(-o APT::Sandbox::User=root -o "APT::Architecture=$2" -o "APT::Architectures::=$2"
		-o Acquire::Languages=none -o Acquire::Check-Valid-Until=false
		-o APT::Update::Error-Mode=any
		-o "Dir::Etc::sourcelist=$dir/list" -o Dir::Etc::sourceparts=-
		-o "Dir::State::lists=$dir/lists" -o "Dir::Cache=$dir/cache"
		-o Dir::State::status=/dev/null)
	apt-get -qq "${APT[@]}" update >&2
}

# ask_newest: which suite has the newest kernel, by apt, and that package's version.
ask_newest() {
	local dir
	dir=$(mktemp -d)
	if apt_of "$dir" amd64 trixie-backports sid; then
		# PACKAGE | VERSION | MIRROR SUITE/main amd64 Packages
		apt-cache "${APT[@]}" madison linux-image-amd64 |
			sed -E 's,^[^|]*\| *([^ ]*) *\| *[^ ]* ([^/]*)/.*,\2 \1,' |
			sort -k 2,2V | tail -n 1
	fi
	rm -r "$dir"
}

# newest 1|2: the suite, or the version, of the newest kernel; asked once a day.  NEWEST, in
# the environment, is an answer that is to last for longer.
newest() {
	local file=$CACHE/newest lock
	[ ! "${NEWEST-}" ] || { cut -d' ' -f"$1" <<<"$NEWEST" && return; }
	exec {lock}>"$file.lock"
	flock "$lock"
	if [ ! -s "$file" ] || [ "$(find "$file" -mtime +0)" ]; then
		ask_newest >"$file.part"
		if [ -s "$file.part" ]; then
			mv "$file.part" "$file"
		elif [ -s "$file" ]; then
			say "apt cannot be asked for a newer kernel than $(<"$file")"
			# Nor is it by each script that wants to know, until tomorrow.
			touch "$file"
		else
			die "apt cannot be asked for the newest kernel"
		fi
	fi
	exec {lock}>&-
	cut -d' ' -f"$1" "$file"
}

# keep_newest: to the end of this script, for all that it starts, the newest kernel is the same.
keep_newest() {
	local suite version
	suite=$(newest 1)
	version=$(newest 2)
	export NEWEST="$suite $version"
}

# list_tests: the files of the module's tests.
list_tests() {
	sed -n '/^TEST_PROGS :=/,/[^\\]$/p' "$TOP/tests/Makefile" | grep -oE '[a-z0-9-]+\.sh'
}

# flavour_of KERNEL: what the names of its packages end in; nothing for a variant, which is
# of our own configuration.
flavour_of() {
	local flavour
	case $1 in
	*-debug | *-kasan | *-kcsan | newest-upstream | newest-series | newest-plain) return ;;
	*-*) ;;
	*) echo amd64 && return ;;
	esac
	for flavour in $FLAVOURS; do
		[ "$flavour" != "${1#*-}" ] || { echo "$flavour" && return; }
	done
	die "no '${1#*-}' of ${1%%-*}; there are: debug kasan kcsan, for newest also upstream" \
		"series plain; ${FLAVOURS//[[:space:]]/ }"
}

# built_for: what make check builds for besides KERNELS: of an architecture, the newest or
# the last there was; and packages that are in another suite than those, as in SUITE/NAME.
built_for() {
	local flavour kernel
	for flavour in $FLAVOURS; do
		case $flavour in
		*amd64) for kernel in $KERNELS; do echo "$kernel-$flavour"; done ;;
		*686*) echo "6.1-$flavour" ;;
		# The only one without FS_DAX.
		armmp) printf '%s\n' "5.10-$flavour" "newest-$flavour" ;;
		*) echo "newest-$flavour" ;;
		esac
	done
	printf '%s\n' bullseye-security/6.1-amd64 bookworm-backports/amd64
}

# arch_of KERNEL: Debian's name of its architecture.
arch_of() {
	case $1 in
	*arm64*) echo arm64 ;;
	*armmp*) echo armhf ;;
	*686*) echo i386 ;;
	*powerpc64le*) echo ppc64el ;;
	*riscv64*) echo riscv64 ;;
	*s390x*) echo s390x ;;
	*) echo amd64 ;;
	esac
}

# target_of ARCHITECTURE: what the names of its compiler's programs begin with.
target_of() {
	case $1 in
	amd64) echo x86_64-linux-gnu ;;
	arm64) echo aarch64-linux-gnu ;;
	armhf) echo arm-linux-gnueabihf ;;
	i386) echo i686-linux-gnu ;;
	ppc64el) echo powerpc64le-linux-gnu ;;
	*) echo "$1-linux-gnu" ;;
	esac
}

# qemu_of KERNEL: what runs it.
qemu_of() {
	case $(arch_of "$1") in
	amd64 | i386) echo qemu-system-x86_64 ;;
	arm64) echo qemu-system-aarch64 ;;
	s390x) echo qemu-system-s390x ;;
	*) die "VMs of $1 are not known here" ;;
	esac
}

# set_up_for KERNEL: install what its VMs need besides what scripts/setup does by itself.
set_up_for() {
	case $(arch_of "$1") in
	amd64) "$TOP/scripts/setup" ;;
	arm64) "$TOP/scripts/setup" kmod qemu-system-arm zstd ;;
	s390x) "$TOP/scripts/setup" kmod qemu-system-misc ;;
	*) "$TOP/scripts/setup" kmod ;;
	esac
}

# What a variant of a kernel is configured by: nothing for Debian's own.
configs_of() {
	local dir=$TOP/tests/debug config
	# What /proc/sys takes has another name from 7.3 on.
	case $1 in
	newest-*) config="$dir/config $dir/sysctl.config" ;;
	*) config="$dir/config $dir/proc-sysctl.config" ;;
	esac
	case $1 in
	*-debug | *-upstream)
		echo "$config" "$dir"/{devices,kasan,all}.config "$TOP/tests/config"
		;;
	*-series | *-plain) echo "$config" "$dir"/{devices,all}.config "$TOP/tests/config" ;;
	*-kcsan) echo "$config" "$dir"/{devices,kcsan}.config ;;
	*-kasan) echo "$config" "$dir/kasan.config" ;;
	esac
}

# disk_type KERNEL: the file system of its VMs' disk.  A kernel that is built here is built
# sooner without ext4.
disk_type() {
	local flavour
	flavour=$(flavour_of "$1") || return
	[ "$flavour" ] && echo ext4 || echo ext2
}

# goes_without KERNEL: without the module: it has the series of docs/upstream, or is to be
# compared with one that has.
goes_without() {
	[[ $1 == *-@(upstream|series|plain) ]]
}

# patches_of KERNEL: the series that it is built with, in order, one file a line.
patches_of() {
	[[ $1 != *-@(upstream|series) ]] || printf '%s\n' "$TOP"/docs/upstream/linux/000[1-9]-*.patch
}

# list_sources: all files but those that .gitignore names, in a checkout or not, each
# ended by a zero byte.  What a build has left, and a clone's history, is no source.
list_sources() {
	local empty
	empty=$(mktemp -d)
	git init -q --bare "$empty"
	git --git-dir="$empty" --work-tree="$TOP" -C "$TOP" ls-files -z --others \
		--exclude-standard | LC_ALL=C sort -z
	rm -r "$empty"
}

# our_version: the one of this checkout, also below a make that tells of its directories.
our_version() {
	make -s --no-print-directory -C "$TOP" version
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

# Roots hold files of root's; the rest of the cache is this user's own.  A root whose maker
# was killed can have the machine's /proc, /sys and /dev in it.
discard() {
	rm -rf --one-file-system "$@" 2>/dev/null || as_root rm -rf --one-file-system "$@" ||
		die "if something is mounted there, umount it"
}

# cached NAME KEY MAKER: the directory CACHE/NAME-KEY, made by calling MAKER
# with an empty directory that is renamed when it is complete, and is removed
# when it is not.  Two callers wait for each other.  Takes the caller's traps, and
# leaves none.
cached() {
	local dir=$CACHE/$1-$2 lock
	exec {lock}>"$CACHE/$1.lock"
	flock "$lock"
	if [ ! -d "$dir" ]; then
		part=$dir.part
		trap 'discard "$part"' EXIT
		trap 'exit 130' INT TERM
		# A key is twelve digits; 6.12 is not to match 6.12-debug.
		discard "$CACHE/$1-"????????????.part
		discard_unused "$CACHE/$1-"????????????
		# A file of a VM's memory that finds no room on the disk kills QEMU by SIGBUS.
		[ "$(df --output=avail "$CACHE" | tail -n 1)" -gt 1000000 ] ||
			die "less than 1 GB is free in $CACHE"
		mkdir "$part"
		# Not in a condition: set -e has to hold inside the maker.
		"$3" "$part" >&2
		mv "$part" "$dir"
		trap - EXIT INT TERM
	fi
	touch "$dir"
	exec {lock}>&-
	echo "$dir"
}

# discard_unused DIR...: those of the cache that nobody uses, in another checkout,
# or has for an hour.
discard_unused() {
	local dir lock
	for dir; do
		[ -d "$dir" ] || continue
		[ "$(find "$dir" -maxdepth 0 -mmin +60)" ] || continue
		exec {lock}<"$dir"
		! flock -n "$lock" || discard "$dir"
		exec {lock}<&-
	done
}

# use VARIABLE SCRIPT ARGUMENT...: set it to the directory of the cache that the
# script prints, which stays there for as long as this script, and what it has
# started, runs.
use() {
	local -n used=$1
	local lock
	while true; do
		# Where set -e is off, as in a condition, it would be tried for ever.
		used=$("$TOP/scripts/$2" "${@:3}") || return
		# Unless another checkout has removed it before it was locked.
		if exec {lock}<"$used"; then
			flock -s "$lock"
			[ ! -d "$used" ] || return 0
			exec {lock}<&-
		fi
	done
}

# debian SUITE ROOT PACKAGES [OPTION...]: make a root of Debian's.  Testing's index can be
# past its date on a mirror that lags.  Nothing needs to be on the disk before all is; and
# sparse does without LLVM, which one more program in its package needs.
# Of another architecture, the index of security updates can be another one than the
# mirror says; then the suite has to do without updates.
debian() {
	bootstrap "" "$@" || {
		[[ $* = *" --architectures="* ]] || return
		say "$1: once more, without updates"
		discard "$2"
		bootstrap "deb http://deb.debian.org/debian $1 main" "$@"
	}
}
# bootstrap MIRROR|"" SUITE ROOT PACKAGES [OPTION...]
bootstrap() {
	as_root env INITRD=No mmdebstrap --quiet --mode=root --variant=minbase \
		--aptopt='Acquire::Check-Valid-Until "false"' \
		--aptopt='APT::Install-Recommends "false"' \
		--dpkgopt=force-unsafe-io \
		--dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		--dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=*/libLLVM*' --dpkgopt='path-exclude=*/libz3*' \
		--include="$4" "${@:5}" "$2" "$3" ${1:+"$1"}
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

# vm_devices JOB DISK...: sets DEVICES to what a VM has besides its root: the disk that
# brings its job, options for another one, and ports, whose chardevs are the caller's.
# A VM that was saved has to find the same ones, in this order.
vm_devices() {
	local port
	DEVICES=(-drive "file=$1,if=virtio,format=raw,readonly=on" "${@:2}"
		-device virtio-serial)
	for port in output verdict up; do
		DEVICES+=(-device "virtserialport,chardev=$port,name=$port")
	done
}

# vm_memory SIZE FILE on|off: sets RAM to QEMU's options for memory that is that file; a VM
# keeps what it writes to itself, unless it is shared.
vm_memory() {
	RAM=(-object "memory-backend-file,id=ram,size=$1,mem-path=$2,share=$3"
		-machine memory-backend=ram)
}

# processor_time PID: for how many hundredths of a second the threads of a process
# have run, and have waited for a processor to run on; zeroes if it has just gone.
processor_time() {
	grep -hs . "/proc/$1"/task/*/schedstat | awk '{ run += $1; waited += $2 }
		END { printf("%d %d\n", run / 1e7, waited / 1e7) }'
}

# A hang is found by what a VM has done since its last verdict, and not by a clock,
# as machines differ in speed and in what else they do.  It has hung if it has taken
# more processor time than so many boots (LIMIT, 60 unless set), or if for
# so many seconds (QUIET, 120 unless set) it did not even want to run, and said nothing.

# watch FILE [OUTPUT]: from now on, the QEMU whose process is in FILE, if it is there yet;
# what the VM says goes to OUTPUT.
watch() {
	watched=$1 watched_output=${2-} watched_pid='' boot='' quiet=0 run=0 wanted=0 begun=0 why=''
	said=0
}

# sample: sets run and wanted, in hundredths of a second; fails if there is no QEMU.
sample() {
	local ran waited now
	[ -s "$watched" ] && now=$(<"$watched") && [ -e "/proc/$now" ] || return
	[ "$now" = "$watched_pid" ] || { watched_pid=$now run=0 wanted=0 begun=0; }
	read -r ran waited < <(processor_time "$watched_pid")
	[ "$ran" -gt 0 ] || return
	# A thread that ends takes its time with it, and all do when QEMU ends.
	[ "$ran" -lt "$run" ] || run=$ran
	last=$wanted wanted=$((run + waited))
}

# watch_again: there is a verdict, or the VM has booted.
watch_again() {
	local saved=0
	quiet=0
	sample || return 0
	begun=$run
	# What a VM that was saved has taken until then.
	[ ! -s "$watched.boot" ] || saved=$(<"$watched.boot")
	# Emulation translates code when it runs first; KVM is done in no time.
	[ "$boot" ] || boot=$((saved + run > 500 ? saved + run : 500))
}

# has_hung: sets why, if it has, and has it explained; to be called every WATCH seconds.
WATCH=5
has_hung() {
	local last said_before=$said
	sample || return
	[ ! "$watched_output" ] || said=$(stat -c %s "$watched_output")
	# A test that waits for grace periods alone takes next to no time.
	if [ $((wanted - last)) -lt $((WATCH * 20)) ] && [ "$said" = "$said_before" ]; then
		quiet=$((quiet + WATCH))
	else
		quiet=0
	fi
	if [ "$quiet" -ge "${QUIET:-120}" ]; then
		why="hang: the VM has been idle for $quiet seconds"
	# A boot that is not done yet has nothing to be compared with but the slowest.
	elif [ $((run - begun)) -gt $((${LIMIT:-60} * ${boot:-2000})) ]; then
		why="hang: no verdict for $(((run - begun) / 100)) seconds of processor time"
	else
		return 1
	fi
	explain
}

# wait_for_line DESCRIPTOR: until there is something to read, but for WATCH seconds at most.
# Not by a timeout of read, which loses a byte that comes when the time is up, and in bash
# 5.1 has no end if it is up too soon.
wait_for_line() {
	read -r -t 0 -u "$1" ||
		perl -e 'vec(my $set, $ARGV[0], 1) = 1;
			exit(select($set, undef, undef, $ARGV[1]) < 1)' "$1" "$WATCH"
}

# explain: the kernel log of the VM, if it still can and scripts/vm runs it, says what
# each task waits for.
explain() {
	local last
	[ -e "$watched.ask" ] || return 0
	echo tasks 1<>"$watched.ask"
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		sleep 1
		last=$wanted
		sample || break
		[ $((wanted - last)) -ge 20 ] || break
	done
}

# run_vm_until CONDITION ARGUMENT...: scripts/vm with these, until it ends, or the
# CONDITION holds, or it has hung, which is why.  Returns what it did.
run_vm_until() {
	local file=$LOGS/qemu.$BASHPID status=0
	rm -f "$file"{,.ask,.boot}
	"$TOP/scripts/vm" -p "$file" "${@:2}" &
	vm=$!
	watch "$file"
	attend "$1" || status=$?
	rm -f "$file"{,.ask,.boot}
	return "$status"
}

# attend CONDITION: the same for the process vm, whose QEMU is watched.
attend() {
	local condition=$1 seconds=0 status=0
	while kill -0 "$vm" 2>/dev/null && ! $condition; do
		sleep 1
		seconds=$((seconds + 1))
		[ $((seconds % WATCH)) != 0 ] || ! has_hung || break
	done
	kill "$vm" 2>/dev/null || true
	wait "$vm" || status=$?
	vm=
	return "$status"
}
