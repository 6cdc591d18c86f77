# The key "timeout" ends a command with all its processes; "retries" runs one that failed again.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
workspace
tools
tool family 'sleep 300 & echo $! >"$PIDS"; echo started; wait'
tool deaf 'trap "" TERM; echo $$ >"$PIDS"; echo started; while :; do sleep 300; done'
# flaky N: fails until it has run N times
tool flaky 'n=$(cat runs 2>/dev/null || echo 0); n=$((n + 1)); echo $n >runs; echo "run $n"; [ $n -ge "$1" ] || exit 7'
tool late 'flaky 2 || exec sleep 300'
file package.json '{"name":"root"}'
cat >vite-task.json <<'J'
{ "untrackedEnv": ["PIDS"], "tasks": {
	"hangs": { "command": "family && print never", "timeout": "300ms", "input": [] },
	"uncached": { "command": "family", "timeout": "300ms", "cache": false },
	"deaf": { "command": "deaf", "timeout": "200ms" },
	"quick": { "command": "print quick", "timeout": "1h" },
	"holds": { "command": "sh -c 'sleep 3 & print done'", "timeout": "1s", "cache": false },
	"flaky": { "command": "flaky 3", "retries": 2, "input": ["src"] },
	"flaky-uncached": { "command": "flaky 2", "retries": 5, "cache": false },
	"hopeless": { "command": "flaky 9 && print never", "retries": 1 },
	"late": { "command": "late", "timeout": "1s", "retries": 1, "input": [] },
	"missing": { "command": "not-there", "retries": 3 }
} }
J
go() { rm -f runs "$T/pids"; with PIDS="$T/pids" capture vt run "$@"; }
for log in interleaved labeled grouped; do
	for task in hangs uncached; do
		go --log=$log $task
		is "$log: $task is ended with status 124" "$rc $(grep -c never <<<"$out")" "124 0"
		has "... and told" "$out" "✗ timed out after 300ms"
		wait_gone "$(cat "$T/pids")"; ok "... its processes are gone" $?
	done
done
capture vt run --last-details
has "the summary has it" "$out" "(exit code: 124)"
deaf() { local t=$EPOCHREALTIME; go deaf; took=$(((${EPOCHREALTIME/./} - ${t/./}) / 1000)); }
deaf
is "one that does not heed it is killed" "$rc" 124
wait_gone "$(cat "$T/pids")"; ok "... and gone" $?
go quick
is "in time" "$rc" 0
go quick
has "... is kept as ever" "$out" "cache hit"
go holds
is "what a command leaves behind when it has ended does not count" "$rc" 0

go flaky
is "the third attempt succeeds" "$rc $(cat runs)" "0 3"
has "each failure is told" "$err" "warning: root#flaky: attempt 1 of 3 failed (exit code: 7), it is run again"
has "... by its number" "$err" "warning: root#flaky: attempt 2 of 3 failed (exit code: 7), it is run again"
has "... and that it is not kept" "$out" "root#flaky not cached because it succeeded at attempt 3."
go flaky
hasnt "so it is no hit" "$out" "cache hit"
echo 9 >runs; with PIDS=x capture vt run flaky
is "it succeeds at once" "$rc $err" "0 "
with PIDS=x capture vt run flaky
has "... and is kept" "$out" "cache hit"
go flaky-uncached
is "what is not cached is run again, too" "$rc $(cat runs)" "0 2"
go hopeless
is "one that fails each time fails with its code" "$rc $(cat runs) $(grep -c never <<<"$out")" "7 2 0"
go --continue hopeless
is "... also with --continue" "$rc" 7
go --log=grouped hopeless
is "grouped: each attempt is shown" "$(grep -c '^run [12]$' <<<"$out")" 2
go late
is "one that ran out of time is run again" "$rc $(cat runs)" "0 2"
has "... and that is told" "$err" "attempt 1 of 2 failed (exit code: 124, timed out after 1s), it is run again"
go missing
is "a program that is not there is not looked for again and again" "$rc $err" "127 "
finish
