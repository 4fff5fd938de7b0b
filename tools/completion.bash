# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Tab completion of dm-linear-guard's command, for bash.

_dm_linear_guard() {
	local word=${COMP_WORDS[COMP_CWORD]} words=() name
	case $COMP_CWORD,${COMP_WORDS[1]} in
	1,*) words=(status check adopt release --help --version) ;;
	*,status) words=(--tree --json) ;;
	2,check) words=(--json) ;;
	3,check) words=(-) ;;
	*,adopt | *,release) words=(--all) ;;
	esac
	case $COMP_CWORD,${COMP_WORDS[1]} in
	1,* | *,status) ;;
	*) mapfile -t -O ${#words[@]} words < <(cat /sys/block/dm-*/dm/name 2>/dev/null) ;;
	esac
	COMPREPLY=()
	for name in "${words[@]}"; do
		[[ $name != "$word"* ]] || COMPREPLY+=("$name")
	done
}

complete -F _dm_linear_guard dm-linear-guard
