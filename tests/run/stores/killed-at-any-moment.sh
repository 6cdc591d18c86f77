# Whenever vt or the server is killed: no run fails, and clones get whole objects. A server may keep half of an object that a killed vt
# sent (s3rver does): that costs a warning. SEED=n repeats the moments, ROUNDS=n has more of them.
. "${0%/*}/../../lib/functions.sh" || exit
. "${0%/*}/../../lib/stores.sh" || exit
. "${0%/*}/../../lib/kinds.sh" || exit
KINDS=${KINDS/ moto/}                   # which keeps nothing when it ends
seed
: "${ROUNDS:=4}"
tasks='"build": {"command": "mkdir -p out; cp in.txt out/a; yes \"$(cat in.txt)\" | head -c 600000 >out/big; echo built", "input": ["in.txt"], "output": ["out/**"]},
	"next": {"command": "mkdir -p dist; md5sum <out/big >dist/sum", "dependsOn": ["build"], "input": ["out/big"], "output": ["dist/**"]}'
# whole TEXT: are all files there that the tasks make of this input?
whole() { [ "$(cat out/a)" = "$1" ] && [ "$(yes "$1" | head -c 600000 | md5sum)" = "$(md5sum <out/big)" ] && [ "$(md5sum <out/big)" = "$(cat dist/sum)" ]; }
behind() { rm -f "$T/pid"; _limited 120 sh -c 'echo $$ >"$1.new" && mv "$1.new" "$1" && shift && exec "$@"' sh "$T/pid" "$VT" run next >"$T/behind" 2>&1 & job=$!; }
# some moment of a run: up to $long milliseconds
moment() { local ms=$((RANDOM % long)); sleep "$((ms / 1000)).$(printf %03d $((ms % 1000)))"; }
story() {
	workspace "$1"; file package.json '{"name":"root"}'; file in.txt first; project "$use" "$tasks"; team "$where"
	local began=${EPOCHREALTIME/./} i n wrong=0
	capture vt run next
	is "$1: the first run fills the store" "$rc$err" 0
	long=$(((${EPOCHREALTIME/./} - began) / 1000 + 20))
	for ((i = 1; i <= ROUNDS; i++)); do
		clone c; file in.txt "vt $((i % 2))"; behind
		within 60 test -e "$T/pid"; moment
		kill -KILL "$(<"$T/pid")" 2>/dev/null
		wait "$job" 2>/dev/null
		[ $((i % 3)) != 0 ] || { capture vt run next; whole "vt $((i % 2))" && [ "$rc" = 0 ] || wrong=$((wrong + 1)); }
	done
	is "$1: a clone whose vt was killed runs again" "$wrong" 0
	for i in 0 1; do
		clone d; file in.txt "vt $i"; capture vt run next
		ok "$1, vt killed: result $i is whole" "$(whole "vt $i" && [ "$rc" = 0 ]; echo $?)" || printf '# %s\n' "$rc $out" "$err"
	done
	for ((i = 1; i <= ROUNDS; i++)); do
		clone c; file in.txt "server $((i % 2))"; behind
		within 60 test -e "$T/pid"; moment
		kind_dies
		wait "$job"; rc=$?
		whole "server $((i % 2))" && [ $rc = 0 ] || { wrong=$((wrong + 1)); echo "# round $i: $rc"; sed 's/^/# /' "$T/behind"; }
		kind_comes_back
	done
	is "$1: no run fails when the server is killed" "$wrong" 0
	for i in 0 1; do
		clone d; file in.txt "server $i"; capture vt run next
		ok "$1, server killed: result $i is whole" "$(whole "server $i" && [ "$rc" = 0 ]; echo $?)" || printf '# %s\n' "$rc $out" "$err"
		# half of an object on the server is dropped when it came wrong twice, and then sent anew
		for n in 1 2 3 4; do
			clone e; file in.txt "server $i"; capture vt run next
			[ "$rc$(hits)" != 02 ] || break
		done
		is "$1: results are still shared" "$rc$(hits)" 02
	done
}
each_kind story
finish
