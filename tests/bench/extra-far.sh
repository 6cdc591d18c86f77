#!/bin/bash
# Measures the cost of a far store: small tasks in a fresh clone, hit from a store behind a delay, and cold with uploads; beside
# near only. With batches (far-log) and without (far-log-single), on stores that cost this machine next to nothing
# themselves. One line per case: milliseconds, calls of the store.
#
#   tests/bench/extra-far.sh [TASKS [DELAY_MS...]]
#
# VT: the runner; tests/plugins/vt-far-log.so is taken from the build.
: "${abs_top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}"
: "${abs_top_builddir:=$abs_top_srcdir/build}"
: "${VT:=$abs_top_builddir/core/vt}"
tasks=${1:-1000}
shift
delays=("${@:-0}")
[ $# -gt 0 ] || delays=(0 5 50)
T=$(mktemp -d) || exit 1
trap 'rm -rf "$T"' EXIT
mkdir "$T/trash"
export HOME=$T/home XDG_CONFIG_HOME=$T/home/.config XDG_RUNTIME_DIR=$T/run VT_PLUGIN_PATH=$abs_top_builddir/tests/plugins/.libs
mkdir -p -m 700 "$XDG_CONFIG_HOME/vt" "$XDG_RUNTIME_DIR"
config() { printf '{"plugins": {"options": {"main": {"dir": "%s/far", "log": "%s/log", "delay": "%sms"}}, "sharing": {"key": "%064d"}}}\n' "$T" "$T" "$1" 1 >"$XDG_CONFIG_HOME/vt/config.json"; }
make() {                             # FOLDER STORES
	mkdir -p "$T/$1" && cd "$T/$1" || exit 1
	printf 'packages: ["p/*"]\n' >pnpm-workspace.yaml
	printf '{"plugins": {"stores": [%s]}}\n' "$2" >vite-task.json
	for ((i = 0; i < tasks; i++)); do
		mkdir -p "p/$i"
		printf '{"name":"p%d"}' "$i" >"p/$i/package.json"
		printf '%d\n' "$i" >"p/$i/in"
		printf '{"tasks":{"t":{"command":"cp in out","input":["in"],"output":["out"]}}}' >"p/$i/vite-task.json"
	done
}
timed() {                            # COMMAND...: milliseconds in $ms
	local from=$EPOCHREALTIME
	"$@" >"$T/out" 2>"$T/err" || { echo "fails: $*"; tail -5 "$T/out" "$T/err"; exit 1; }
	[ ! -s "$T/err" ] || cat "$T/err"
	ms=$(((${EPOCHREALTIME/./} - ${from/./}) / 1000))
}
# Nothing is deleted before the end: for a minute ext4 looks whether an inode was in use a moment ago, which would be measured, too.
trashed=0
trash() {                            # outputs, and without `only` the cache
	trashed=$((trashed + 1))
	mkdir -p "$T/trash/$trashed"
	[ "$1" ] || [ ! -e .vt ] || mv .vt "$T/trash/$trashed/vt"
	for out in p/*/out; do [ ! -e "$out" ] || mv "$out" "$T/trash/$trashed/${out//\//-}"; done
}
fresh() { trash; : >"$T/log"; }
calls() { awk '{ n[$1 " " $2]++; items[$1 " " $2] += $3 } END { for (k in n) printf "%s: %d (%d)  ", k, n[k], items[k] }' "$T/log"; }
config 0
make near '"store-local"'
timed "$VT" run -r t
echo "near only, cold: $ms ms"
for k in 1 2 3; do timed "$VT" run -r t; done
echo "near only, hit: $ms ms"
trash only; timed "$VT" run -r t
echo "near only, hit and restored: $ms ms"
for store in far-log far-log-single; do
	for delay in "${delays[@]}"; do
		[ ! -e "$T/far" ] || mv "$T/far" "$T/trash/far-$store-$delay"
		config "$delay"
		make "$store-$delay" "\"store-local\", {\"use\": \"$store\", \"as\": \"main\"}"
		fresh; timed "$VT" run -r t
		echo "$store, $delay ms: cold with uploads: $ms ms   $(calls)"
		: >"$T/log"; timed "$VT" run -r t
		echo "$store, $delay ms: near hit: $ms ms   $(calls)"
		fresh; timed "$VT" run -r t
		grep -q "$tasks/$tasks cache hit" "$T/out" || { echo "not all hit"; tail -3 "$T/out"; }
		echo "$store, $delay ms: hit in a fresh clone: $ms ms   $(calls)"
		fresh; for ((i = 0; i < tasks * 3 / 10; i++)); do printf '%d %s\n' "$i" "$store $delay" >"p/$i/in"; done
		timed "$VT" run -r t
		echo "$store, $delay ms: fresh clone, 3 of 10 changed: $ms ms   $(calls)"
	done
done
