# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Tab completion of dm-linear-guard's command, for bash.

_dm_linear_guard() {
	local word=${COMP_WORDS[COMP_CWORD]} words
	case $COMP_CWORD,${COMP_WORDS[1]} in
	1,*) words="status check adopt release --help --version" ;;
	*,status) words="--tree --json" ;;
	2,check) words="--json $(_dm_linear_guard_names)" ;;
	3,check) words="- $(_dm_linear_guard_names)" ;;
	*,adopt | *,release) words="--all $(_dm_linear_guard_names)" ;;
	*) words='' ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}

_dm_linear_guard_names() {
	cat /sys/block/dm-*/dm/name 2>/dev/null
}

complete -F _dm_linear_guard dm-linear-guard
