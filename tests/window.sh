#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The name "linear" is never missing, whether the module comes or goes.
. "$(dirname "$0")/lib.sh"

plan 5
[ "$USERS" = 0 ] || skip "the module is in use"
ramdisks 1 4
create dev "0 8 linear /dev/ram0 0" || exit 1
DIR=$(mktemp -d)
defer rm -r "$DIR"
defer eval "[ -e $PARAMS ] || load_module"

# repeat NAME: call NAME until there is the file stop, or it fails, which ends the
# others, too; writes a dot for each call.
repeat() {
	local status=0
	start_mapper
	while [ ! -e "$DIR/stop" ] && [ "$status" = 0 ]; do
		"$1" || status=$?
		[ "$status" != 0 ] || printf . >>"$DIR/$1"
		# It takes a while for the module to go.
		pause 0.2
	done
	touch "$DIR/stop"
	return "$status"
}

# load: load a table, which uses the module until it is cleared, and clear it.  Where
# there is the file hold, say so by another, and wait until the module goes.
load() {
	if [ -e "$DIR/hold" ]; then
		touch "$DIR/held"
		until goes || [ -e "$DIR/stop" ]; do
			pause 0.01
		done
	fi
	reload dev "0 8 linear /dev/ram0 8" && dmsetup clear "$P-dev"
}
# The file goes with the module: that is no error, but an answer.
goes() {
	local state=''
	{ read -r state <"/sys/module/$MODULE/initstate"; } 2>"$DIR/gone"
	[ "$state" != live ]
}

# look_up: ask for the target of that name, 50 times, as each load does first; it has
# the module for that moment only, so that this goes on while the module goes.
NAMES=()
for ((i = 0; i < 50; i++)); do
	NAMES+=(linear)
done
look_up() {
	mapper target-version "${NAMES[@]}"
}

# count NAME: sets COUNT to how often it has been called.
count() {
	local calls
	# There is no end of a line.
	read -r calls <"$DIR/$1"
	COUNT=${#calls}
}

# called NAME NUMBER: it has been called that often, or will not be any more.
called() {
	count "$1"
	[ "$COUNT" -ge "$2" ] || [ -e "$DIR/stop" ]
}

# await NAME COUNT: wait for that many more calls.
await() {
	count "$1"
	wait_for called "$1" $((COUNT + $2)) || return 1
	[ ! -e "$DIR/stop" ]
}

# unload: the module is unloaded, as soon as no look-up has it for a moment.
unload() {
	local said
	until said=$(rmmod "$MODULE" 2>&1); do
		[[ ! -e $DIR/stop && $said =~ is\ in\ use|Resource\ temporarily\ unavailable ]] ||
			{ echo "$said"; return 1; }
	done
}

# come_and_go: unload and load the module, five times; it takes longer to go with the
# scope of each other time.  Loads go on while it goes, while it is away, and after.
come_and_go() {
	local turn
	for turn in 1 2 3 4 5; do
		[ $((turn % 2)) = 0 ] || set_to scope all || return
		touch "$DIR/hold"
		wait_for eval "[ -e $DIR/held ] || [ -e $DIR/stop ]"
		unload || return
		rm -f "$DIR/hold" "$DIR/held"
		await load 1 && load_module && await load 1 || return
	done
}

# The live table is stock's, so that only loads keep the module in use.
takeover 0 && swap dev "0 8 linear /dev/ram0 0" && takeover 1 || exit 1
: >"$DIR/load"
: >"$DIR/look_up"
repeat load >"$DIR/load.said" 2>&1 &
loader=$!
repeat look_up >"$DIR/look_up.said" 2>&1 &
looker=$!
defer eval "touch $DIR/stop; wait $loader $looker"

# ended PID NAME: that has ended without a failure; else show what it said.
ended() {
	wait "$1" || { cat "$DIR/$2.said"; return 1; }
}

# At least a hundred times, until there were some loads and look-ups meanwhile.
for ((i = 0; i < 100; i++)); do
	takeover $((i % 2))
done
until called load 5 && called look_up 5; do
	i=$((i + 1))
	takeover $((i % 2))
done
takeover 1
check "the module is unloaded and loaded five times between loads" come_and_go
touch "$DIR/stop"
check "no load of a linear table fails while the module comes and goes" \
	ended "$loader" load
check "no look-up of the name linear fails while the module comes and goes" \
	ended "$looker" look_up
count look_up
looks=$COUNT
count load
echo "# $i changes of takeover, $COUNT loads, $looks times 50 look-ups"
check "more than five tables are loaded while the module comes and goes" [ "$COUNT" -gt 5 ]
same "takeover is on after the last load of the module" Y "$(<"$PARAMS/takeover")"
finish
