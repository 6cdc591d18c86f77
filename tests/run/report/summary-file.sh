# --summary-file writes the run as JSON, as vt-run.schema.json says.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
requires jq
workspace
pnpm a b c
tools
file packages/a/package.json '{"name":"a","scripts":{"x":"print-file in && echo done"}}'
file packages/a/in one
file packages/b/package.json '{"name":"b","dependencies":{"a":"workspace:*"},"scripts":{"x":"fail 7"}}'
file packages/c/package.json '{"name":"c","dependencies":{"b":"workspace:*"},"scripts":{"x":"print never"}}'
file package.json '{"name":"root","scripts":{"gone":"no-such-program"}}'
valid() {
	if command -v node >/dev/null && [ -d "$NPM/ajv" ]; then
		is "$1: as the schema says" "$(node "$abs_top_srcdir/tests/run/report/valid.cjs" "$NPM" "$abs_top_srcdir/core/man" vt-run.schema.json "$T/s.json" 2>&1)" ""
	else
		skip "$1: the schema has nothing against it" "node or the npm package ajv is not installed"
	fi
}
capture vt run --cache -r --summary-file "$T/s.json" x
is "the exit status is the run's" $rc 7
is "how the run ended" "$(jq -c '[.version,.workspaceRoot,.exitCode,.counts]' "$T/s.json")" "[1,\"$W\",7,{\"tasks\":3,\"hits\":0,\"misses\":2,\"disabled\":1,\"failed\":1,\"cancelled\":0,\"notRun\":0}]"
is "the result of each command" "$(jq -c '.steps[]|[.task,.package,.command,.cwd,.status,.exitCode,.cache]' "$T/s.json")" '["a#x","packages/a","print-file in","packages/a","done",0,{"status":"new"}]
["a#x","packages/a","echo done","packages/a","done",0,{"status":"disabled"}]
["b#x","packages/b","fail 7","packages/b","failed",7,{"status":"new"}]'
is "times add up" "$(jq '.durationMs as $d | [.steps[] | .startMs >= 0 and .startMs + .durationMs <= $d + 1] | all' "$T/s.json")" true
valid "a run that fails"
file packages/a/in two
capture vt run --cache --summary-file "$T/s.json" a#x
is "a miss: its reason" "$(jq -c '.steps[0].cache' "$T/s.json")" "{\"status\":\"miss\",\"reason\":\"'packages/a/in' modified\"}"
capture vt run --cache -vv --summary-file "$T/s.json" a#x
is "a hit: the time that it saved; -vv: what it depends on" "$(jq -c '.steps[0]|[.status,.cache.status,(.savedMs>=0),(.inputs|index("packages/a/in")!=null)]' "$T/s.json")" '["hit","hit",true,true]'
valid "a hit"
capture vt run -w --summary-file "$T/s.json" gone
is "an error: its words" "$(jq -c '.steps[0]|[.status,.exitCode,(.error|startswith("Failed to find executable no-such-program"))]' "$T/s.json")" '["failed",127,true]'
valid "an error"
capture vt run --summary-file "$T/no/s.json" a#x
is "a missing folder: vt ends before the first task" "$rc $out$err" "1 error: Cannot write the file '$T/no/s.json': No such file or directory"
mkfifo "$T/fifo"
capture vt run --summary-file "$T/fifo" a#x
is "a pipe without a reader: an error" "$rc $out$err" "1 error: Cannot write to the pipe '$T/fifo': nobody reads it"
cat "$T/fifo" >"$T/s.json" & reader=$!
until_true eval 'vt run --cache --summary-file "$T/fifo" a#x >/dev/null 2>&1'
wait $reader
is "a pipe with a reader: written" "$(jq .exitCode "$T/s.json")" 0
echo "before" >"$T/all"
vt run --cache --summary-file /dev/stdout -q a#x >>"$T/all"
is "standard output: written" "$(head -n 1 "$T/all") $(tail -n +2 "$T/all" | jq .exitCode)" "before 0"
if [ -c /dev/full ]; then
	capture vt run --cache --summary-file /dev/full a#x
	is "a disk that is full: told, and the run fails" "$rc $err" "1 error: Cannot write all of '/dev/full': No space left on device"
else
	skip "a disk that is full: told, and the run fails" "there is no /dev/full"
fi
file packages/a/flaky.sh 'n=$(($(cat runs 2>/dev/null || echo 0) + 1)); echo $n >runs; [ $n -ge 3 ] || exit $n'
file packages/a/vite-task.json '{"tasks":{"flaky":{"command":"sh flaky.sh","retries":4,"cache":false},"slow":{"command":"sleep 300","timeout":"100ms","retries":1,"cache":false}}}'
vt run --summary-file "$T/s.json" a#flaky >/dev/null 2>&1
is "a command that was run more than once: each attempt" "$(jq -c '.steps[0]|[.status,.exitCode,(.attempts|map(.exitCode))]' "$T/s.json")" '["done",0,[1,2,0]]'
is "... with its time" "$(jq -c '[.steps[0].attempts[].durationMs|type]|unique' "$T/s.json")" '["number"]'
valid "attempts"
vt run --summary-file "$T/s.json" a#flaky >/dev/null 2>&1
is "a command that was run once: no attempts" "$(jq -c '.steps[0].attempts' "$T/s.json")" null
vt run --summary-file "$T/s.json" a#slow >/dev/null 2>&1
is "attempts that took too long: told" "$(jq -c '.steps[0].attempts|map([.exitCode,.timedOut])' "$T/s.json")" '[[124,true],[124,true]]'
mkdir sub
(cd sub && vt run --cache --summary-file here.json a#x >/dev/null)
there "a relative name: from where vt was called" sub/here.json
for option in --summary-file --profile --events; do
	capture vt run --dry-run $option "$T/s.json" a#x
	is "$option with --dry-run: an error" "$rc $(head -n 1 <<<"$err")" "2 error: the argument '$option <FILE>' cannot be used with '--dry-run': it tells of what ran"
	capture vt run $option '' a#x
	is "$option without a name: an error" "$rc $(head -n 1 <<<"$err")" "2 error: invalid value '' for '$option <FILE>': the name of a file is needed"
done
capture vt run --cache --summary-file both --events "$PWD/both" a#x
is "two reports in one file: an error before the first task" "$rc $out$err" "1 error: Two reports cannot be written to one file: '$PWD/both'"
capture vt run --cache --summary-file /dev/null --events /dev/null a#x
is "... but not on a pipe or a device" "$rc" 0
finish
