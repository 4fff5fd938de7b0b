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
	local columns=(NAME KNAME MAJ:MIN UUID SIZE RO TARGETS SERVED-BY DEPTH STATE TABLES
		SLAVES HOLDERS HIDDEN LOOP REASON)
	local command='' words=() names=() name i given=0 all=
	COMPREPLY=()
	# Bash takes --output=LIST for three words.
	if [ "$word" = = ]; then
		word=
	elif [ "$before" = = ]; then
		before=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	# What comes before: the command, and how many words behind it are no options.
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--sysroot | --output | --table | -*o)
			[ "${COMP_WORDS[i + 1]}" != = ] || i=$((i + 1))
			i=$((i + 1)) ;;
		--all) all=1 ;;
		-?*) ;;
		*)	[ -n "$command" ] && given=$((given + 1)) || command=${COMP_WORDS[i]} ;;
		esac
	done
	case $before in
	--sysroot)
		mapfile -t COMPREPLY < <(compgen -d -- "$word")
		return ;;
	--output | -*o)
		# What comes after the last comma, in the letters that it is in.
		for name in "${columns[@]}"; do
			[[ ! ${word##*[,+]} =~ ^[a-z] ]] || name=${name,,}
			words+=("${word%"${word##*[,+]}"}$name")
		done ;;
	--table) ;;
	*)	case $command,$word in
		,*) words=(status check adopt release why help --help --sysroot --version) ;;
		help,*) words=(status check adopt release why) ;;
		status,-*) words=(--bytes --json --noheadings --output --output-all --pairs
			--raw --tree --help --sysroot) ;;
		check,-*) words=(--json --table --help --sysroot) ;;
		adopt,-* | release,-*) words=(--help) ;;
		why,-*) words=(--help --sysroot) ;;
		esac
		case $command,$given in
		adopt,0 | release,0) [ -n "$all" ] || words+=(--all) ;;
		esac
		# check takes one name, and then a table; --all takes none.
		case $command,$given,$all,$word in
		*,-*) ;;
		status,*,*/* | adopt,*,,*/* | release,*,,*/* | check,0,*/*)
			mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
		status,* | adopt,*,, | adopt,*,,[!/]* | release,*,, | release,*,,[!/]* | check,0,*)
			mapfile -t names < <(_dm_linear_guard_names) ;;
		esac ;;
	esac
	for name in "${words[@]}"; do
		[[ $name != "$word"* ]] || COMPREPLY+=("$name")
	done
	for name in "${names[@]}"; do
		printf -v name %q "$name"
		[[ $name != "$word"* ]] || COMPREPLY+=("$name")
	done
}

complete -F _dm_linear_guard dm-linear-guard
