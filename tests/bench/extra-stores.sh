#!/bin/bash
# Measures the cost of sharing with each kind of store on a server of this machine, 0, 5 and 50 ms away: small tasks and files of 4 MB,
# cold with everything sent, and hit in a fresh clone. Then beside turbo, against one turborepo-remote-cache. Milliseconds.
#
#   tests/bench/extra-stores.sh [TASKS [FILES [DELAY_MS...]]]
#
# KINDS="redis turbo": only these; "beside": turbo alone. TURBO_NATIVE: turbo's program; TURBO_TASKS=100. A hit is the median of
# three. Load beside the figures says how far to trust them: quote ratios of one run.
: "${abs_top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}"
. "$abs_top_srcdir/tests/lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/stores.sh" || exit
. "$abs_top_srcdir/tests/lib/kinds.sh" || exit
KINDS=${KINDS/ moto/}                   # a second server of the same protocol
tasks=${1:-1000} files=${2:-50}
shift $(($# < 2 ? $# : 2))
delays=("$@")
[ $# -gt 0 ] || delays=(0 5 50)
cc=${CC:-cc}
$cc -O2 -o "$T/delay" "$abs_top_srcdir/tests/bench/delay.c" || exit 1
load() { cut -d ' ' -f 1 /proc/loadavg; }
# away MS: a proxy before the server; $at is its port
proxy=
nearer() { [ -z "$proxy" ] || { kill "$proxy"; wait "$proxy"; } 2>/dev/null; proxy=; }
cleanup nearer
listens() { (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
away() {
	nearer
	at=$port
	[ "$1" != 0 ] || return 0
	at=$(free_port)
	"$T/delay" "$at" "$port" "$1" & proxy=$!
	within 20 listens "$at" || exit 1
}
# packages FOLDER N BYTES: makes N packages with a task that copies a file; now the cwd
packages() {
	workspace "$1"
	printf 'packages: ["p/*"]\n' >pnpm-workspace.yaml
	printf '{"name":"bench","private":true,"packageManager":"pnpm@%s"}\n' "${BENCH_PNPM_VERSION:-10.0.0}" >package.json
	for ((i = 0; i < $2; i++)); do
		mkdir -p "p/$i"
		printf '{"name":"p%d","scripts":{"s":"cp in out"}}' "$i" >"p/$i/package.json"
		if [ "$3" = 0 ]; then printf '%d\n' "$i" >"p/$i/in"; else head -c "$3" /dev/urandom >"p/$i/in"; fi
		printf '{"tasks":{"t":{"command":"cp in out","input":["in"],"output":["out"]}}}' >"p/$i/vite-task.json"
	done
}
timed() {
	local from=$EPOCHREALTIME
	"$@" >"$T/out" 2>"$T/err" || { echo "fails: $*"; tail -n 5 "$T/out" "$T/err"; exit 1; }
	ms=$(((${EPOCHREALTIME/./} - ${from/./}) / 1000))
}
fresh() { rm -rf .vt p/*/out; sync; }
# of_three FRESH LINE COMMAND...: the median of three hits, each of which prints the line, in $hit
of_three() {
	local fresh=$1 line=$2 times=() k
	shift 2
	for k in 1 2 3; do
		"$fresh"; timed "$@"; times+=("$ms")
		grep -q "$line" "$T/out" || { echo "not all hit: $*"; tail -n 5 "$T/out"; head -n 3 "$T/err"; }
	done
	hit=$(printf '%s\n' "${times[@]}" | sort -n | sed -n 2p)
}
both() {                             # N: cold, then in a fresh clone; $cold $hit
	fresh; timed vt run -r t; cold=$ms
	[ ! -s "$T/err" ] || head -n 3 "$T/err"
	of_three fresh "$1/$1 cache hit" vt run -r t
}
story() {
	local kind_now=$1 delay size n
	for delay in "${delays[@]}"; do
		[ "$kind_now" != folder ] || [ "$delay" = 0 ] || continue
		for size in 0 4000000; do
			n=$([ $size = 0 ] && echo "$tasks" || echo "$files")
			kind_starts "$kind_now"
			where=${where/unix:\/\/$D\/socket/redis:\/\/127.0.0.1:$port}
			away "$delay"
			cd "$T/$([ $size = 0 ] && echo small || echo large)" || exit 1
			printf '{"plugins": {"stores": ["store-local", {"use": "%s", "as": "main"}]}}\n' "$use" >vite-task.json
			team "${where//$port/$at}"
			both "$n"
			printf '%-7s %3s ms  %5d x %7d bytes   cold and sent %6d   hit in a clone %6d   load %s\n' "$kind_now" "$delay" "$n" $size "$cold" "$hit" "$(load)"
		done
	done
	nearer
}
# beside turbo: both send what a cold run made to one server, both get it in a fresh clone
beside_turbo() {
	local n=${TURBO_TASKS:-100} delay npm=$NPM/.bin
	[ -x "${TURBO_NATIVE:-}" ] || TURBO_NATIVE=$(ls "$NPM"/turbo-linux-*/bin/turbo "$NPM"/@turbo/linux-*/bin/turbo 2>/dev/null | head -n 1)
	[ -x "$TURBO_NATIVE" ] && [ -x "$npm/pnpm" ] || { echo "(turbo or pnpm is missing: ./bootstrap check installs them)"; return; }
	[ -z "$(kind_lacks turbo)" ] || { echo "(turborepo-remote-cache is missing)"; return; }
	BENCH_PNPM_VERSION=$(cd / && "$npm/pnpm" --version)
	packages beside "$n" 0
	printf '{"tasks":{"s":{"inputs":["in"],"outputs":["out"]}}}\n' >turbo.json
	printf '{"plugins": {"stores": ["store-local", {"use": "store-http", "as": "main"}]}}\n' >vite-task.json
	PATH="$npm:$PATH" "$npm/pnpm" install --offline --silent >"$T/pnpm.log" 2>&1 || { tail -n 5 "$T/pnpm.log"; return; }
	git init -q . 2>/dev/null && git add . && git -c user.name=b -c user.email=b@b commit -qm first
	turbo_run() {
		base_env PATH="$npm:$PATH" TURBO_API="http://127.0.0.1:$at" TURBO_TOKEN=tok TURBO_TEAM=crew TURBO_TELEMETRY_DISABLED=1 DO_NOT_TRACK=1 \
			"$TURBO_NATIVE" run s --output-logs=errors-only
	}
	PATH="$npm:$PATH" base_env PATH="$npm:$PATH" TURBO_TELEMETRY_DISABLED=1 "$TURBO_NATIVE" run s >/dev/null 2>&1     # what only the first one does
	turbo_fresh() { rm -rf .turbo node_modules/.cache p/*/.turbo p/*/out; sync; }
	for delay in "${delays[@]}"; do
		kind_starts turbo; away "$delay"; team "${where//$port/$at}"
		both "$n"; local vt_hit=$hit
		kind_starts turbo; away "$delay"
		turbo_fresh; timed turbo_run; local turbo_cold=$ms
		of_three turbo_fresh "$n cached, $n total" turbo_run
		printf 'turborepo-remote-cache %3s ms, %d tasks: cold and sent vt %6d turbo %6d (%s times)   hit in a clone vt %6d turbo %6d (%s times)   load %s\n' "$delay" "$n" \
			"$cold" "$turbo_cold" "$(awk "BEGIN { printf \"%.1f\", $turbo_cold / $cold }")" "$vt_hit" "$hit" "$(awk "BEGIN { printf \"%.1f\", $hit / $vt_hit }")" "$(load)"
	done
	nearer
}
packages small "$tasks" 0
packages large "$files" 4000000
skip() { echo "($1: $2)"; }
[ "$KINDS" = beside ] || each_kind story
case $KINDS in beside | "folder redis flat bazel turbo s3") beside_turbo ;; esac
