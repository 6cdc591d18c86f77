# The key "timeout" ends a command with all its processes; "retries" runs a failed command again.
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
	"late": { "command": "late", "timeout": "5s", "retries": 1, "input": [] },
	"missing": { "command": "not-there", "retries": 3 }
} }
J
go() { rm -f runs "$T/pids"; with PIDS="$T/pids" capture vt run "$@"; }
for log in interleaved labeled grouped; do
	for task in hangs uncached; do
		go --log=$log $task
		is "$log: $task is ended with status 124" "$rc $(grep -c never <<<"$out")" "124 0"
		has "... a line tells it" "$out" "✗ timed out after 300ms"
		wait_gone "$(cat "$T/pids")"; ok "... its processes are gone" $?
	done
done
capture vt run --last-details
has "the full summary: shows the exit code" "$out" "(exit code: 124)"
deaf() { local t=$EPOCHREALTIME; go deaf; took=$(((${EPOCHREALTIME/./} - ${t/./}) / 1000)); }
deaf
is "a task that ignores TERM: killed" "$rc" 124
wait_gone "$(cat "$T/pids")"; ok "... its process is gone" $?
go quick
is "a task that ends in time: succeeds" "$rc" 0
go quick
has "... and is kept" "$out" "cache hit"
go holds
is "a process that outlives its command: not waited for" "$rc" 0

go flaky
is "the third attempt succeeds" "$rc $(cat runs)" "0 3"
has "a failed attempt: told" "$err" "warning: root#flaky: attempt 1 of 3 failed (exit code: 7), it is run again"
has "... by its number" "$err" "warning: root#flaky: attempt 2 of 3 failed (exit code: 7), it is run again"
has "... the summary tells that the run is not kept" "$out" "root#flaky not cached because it succeeded at attempt 3."
go flaky
hasnt "a success after failures: no hit" "$out" "cache hit"
echo 9 >runs; with PIDS=x capture vt run flaky
is "a success at the first attempt: no warning" "$rc $err" "0 "
with PIDS=x capture vt run flaky
has "... and is kept" "$out" "cache hit"
go flaky-uncached
is "an uncached task: run again" "$rc $(cat runs)" "0 2"
go hopeless
is "a task that fails each time: its exit code" "$rc $(cat runs) $(grep -c never <<<"$out")" "7 2 0"
go --continue hopeless
is "... also with --continue" "$rc" 7
go --log=grouped hopeless
is "grouped: each attempt is shown" "$(grep -c '^run [12]$' <<<"$out")" 2
go late
is "a task that timed out: run again" "$rc $(cat runs)" "0 2"
has "... a warning tells it" "$err" "attempt 1 of 2 failed (exit code: 124, timed out after 5s), it is run again"
go missing
is "a program that is not there: one attempt alone" "$rc $err" "127 "
finish
