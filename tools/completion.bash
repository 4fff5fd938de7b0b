# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Tab completion of dm-linear-guard's command, for bash.

# Names of mapped devices, as they are in the kernel, which anybody can read.
_dm_linear_guard_names() {
	local file name
	for file in /sys/block/dm-*/dm/name; do
		{ IFS= read -r name <"$file"; } 2>/dev/null && printf '%s\n' "$name"
	done
}

_dm_linear_guard() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
	local command=${COMP_WORDS[1]} words=() names=() name i operands=0
	COMPREPLY=()
	if [ "$COMP_CWORD" = 1 ]; then
		words=(status check adopt release why help --help --version)
	elif [ "$command" = help ]; then
		words=(status check adopt release why)
	elif [ "$before" = --sysroot ]; then
		mapfile -t COMPREPLY < <(compgen -d -- "$word")
		return
	elif [[ $command = status && $before =~ ^(-o|--output)$ ]]; then
		# What comes after the last comma.
		for name in NAME KNAME MAJ:MIN UUID SIZE RO TARGETS SERVED-BY DEPTH STATE \
			TABLES SLAVES HOLDERS HIDDEN LOOP REASON; do
			words+=("${word%"${word##*[,+]}"}$name")
		done
	else
		for ((i = 2; i < COMP_CWORD; i++)); do
			[[ ${COMP_WORDS[i]} = -?* ]] || operands=$((operands + 1))
		done
		case $command in
		status) words=(--bytes --json --noheadings --output --output-all --pairs
			--raw --tree) ;;
		check) words=(--json) ;;
		adopt | release) words=(--all) ;;
		esac
		case $command,$word in
		*,-*) words+=(--help --sysroot) ;;
		adopt,* | release,*) ;;
		*) words=() ;;
		esac
		# check takes one name, and then a table.
		case $command,$operands in
		status,* | adopt,* | release,* | check,0)
			mapfile -t names < <(_dm_linear_guard_names) ;;
		esac
	fi
	for name in "${words[@]}"; do
		[[ $name != "$word"* ]] || COMPREPLY+=("$name")
	done
	for name in "${names[@]}"; do
		printf -v name %q "$name"
		[[ $name != "$word"* ]] || COMPREPLY+=("$name")
	done
}

complete -F _dm_linear_guard dm-linear-guard
