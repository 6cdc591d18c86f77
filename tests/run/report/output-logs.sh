# --output-logs chooses the tasks whose output is shown, in every log mode; -q shows only failures.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
workspace
pnpm a b
tools
tool late-fail 'echo "bad out"; echo "bad err" >&2; until [ -e "$1" ]; do sleep 0.02; done; exit 3'
file packages/a/package.json '{"name":"a","scripts":{"x":"print good","y":"print fine && print also fine"}}'
file packages/b/package.json '{"name":"b","dependencies":{"a":"workspace:*"},"scripts":{"x":"late-fail /","y":"print-file in"}}'
file packages/b/in content
for log in interleaved labeled grouped; do
	label= ; [ $log = interleaved ] || label="[b#x] "
	rm -rf .vt
	capture vt run --cache -r --log $log --output-logs errors-only x
	hasnt "$log, errors-only: no output of tasks that succeed" "$out" good
	has "$log, errors-only: the command line of a task that fails" "$out" "$label~/packages/b\$ late-fail /
"
	like "$log, errors-only: all output of it" "$out$err" "*bad out*bad err*"
	is "$log, errors-only: the exit status" $rc 3
	capture vt run --cache -r --log $log --output-logs none x
	hasnt "$log, none: no output" "$out$err" bad
	has "$log, none: the summary names what failed" "$out" "✗ b#x failed first (exit code: 3)"
	rm -rf .vt
	capture vt run --cache -r --log $log --output-logs new-only y
	has "$log, new-only: a task that runs is shown" "$out" content
	capture vt run --cache -r --log $log --output-logs new-only y
	is "$log, new-only: a hit has one line" "$out" "${label:+[a#y] }~/packages/a\$ print fine ◉ cache hit
${label:+[a#y] }~/packages/a\$ print also fine ◉ cache hit
${label:+[b#y] }~/packages/b\$ print-file in ◉ cache hit
$(sed -n '/^---/,$p' <<<"$out")"
	file packages/b/in "content of $log"
	capture vt run --cache -r --log $log --output-logs new-only y
	has "$log, new-only: a task that runs again has its output" "$out" "content of $log"
	hasnt "$log, new-only: hits beside it have none" "$out" "
also fine"
	capture vt run --cache -r --log $log --output-logs full y
	has "$log, full: all output" "$out" "also fine"
done
capture vt run -r -q y
is "-q: a run that succeeds prints nothing" "$rc $out$err" "0 "
capture vt run -r --quiet x
has "-q: the output of a failed task" "$out" "bad out"
has "-q: ... with the summary" "$out" "1 failed"
hasnt "-q: ... and nothing else" "$out" good
tool flaky 'n=$(($(cat runs 2>/dev/null || echo 0) + 1)); echo $n >runs; echo "printed by run $n"; [ $n -ge "$1" ] || exit 7'
file packages/a/vite-task.json '{"tasks":{"flaky":{"command":"flaky 2","retries":1,"cache":false},"hopeless":{"command":"flaky 9","retries":1,"cache":false}}}'
capture vt run -q a#flaky
is "-q: a command that succeeds at its second attempt: the failed one is told" "$rc $out$err" \
	"0 warning: a#flaky: attempt 1 of 2 failed (exit code: 7), it is run again"
rm packages/a/runs
capture vt run -q a#hopeless
has "-q: a command that fails at each attempt: the last is shown" "$rc $out" "7 ~/packages/a\$ flaky 9 ⊘ cache disabled
"
has "... with its output" "$out" "printed by run 2"
hasnt "... and not that of the others" "$out" "printed by run 1"
capture vt run -r -q --output-logs full y
has "-q with --output-logs: the output that was asked for" "$out" "also fine"
hasnt "... without a summary" "$out" "vt run:"
file packages/a/package.json '{"name":"a","scripts":{"x":"no-such-program","z":"cd nowhere && print x"}}'
for which in errors-only none; do
	capture vt run --output-logs $which a#x
	like "$which: a missing program is told" "$rc $out" "127 *packages/a\$ no-such-program*✗ Failed to find executable no-such-program*"
	capture vt run --output-logs $which a#z
	like "$which: a missing folder is told" "$rc $out" "1 *✗ cannot enter the folder 'nowhere'*"
done
capture vt run --output-logs some x
is "a wrong value: an error" "$rc $(head -2 <<<"$err")" "2 error: invalid value 'some' for '--output-logs <WHICH>'
  [possible values: full, new-only, errors-only, none]"
# several fail: each is told, and repeated where its lines are out of view
tool first 'echo "of the first"; exit 5'
tool second 'echo "of the second"; exit 6'
file packages/a/package.json '{"name":"a","scripts":{"many":"first"}}'
file packages/b/package.json '{"name":"b","scripts":{"many":"second"}}'
capture vt run --cache --continue --concurrency-limit 1 -r many
is "--continue: all failures stand at the end" "$(sed -n '/^---/,$p' <<<"$out" | sed 1,2d)" "✗ a#many failed first (exit code: 5); it printed last:
of the first
✗ b#many failed (exit code: 6)"
capture vt run --continue --concurrency-limit 1 -r --output-logs errors-only many
is "errors-only: the end has their names alone, because no other output hides them" "$(sed -n '/^---/,$p' <<<"$out" | sed 1,2d)" "✗ a#many failed first (exit code: 5)
✗ b#many failed (exit code: 6)"
capture vt run --continue --concurrency-limit 1 -r -q many
is "-q: the output of the first failure comes once" "$(grep -c 'of the first' <<<"$out")" 1
# more output than is kept in memory
tool big 'head -c 5000000 /dev/zero | tr "\0" z; echo; exit 9'
file packages/a/package.json '{"name":"a","scripts":{"big":"big"}}'
capture vt run --output-logs errors-only a#big
is "errors-only: long output is whole" "$rc $(tr -cd z <"$T/out" | wc -c)" "9 5000000"
finish
