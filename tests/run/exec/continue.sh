# --continue: after a failure the tasks that do not depend on it run; with "always" all tasks run.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
workspace
pnpm a b c d e
tools
# a fails (3) while e still runs; b needs a, c needs b; d is alone and fails later (4)
tool fails-first 'print a; echo $$ >"$D/a"; exit 3'
# after-a: until a has ended and is reaped, and LATER seconds
tool after-a 'until [ -s "$D/a" ]; do sleep 0.05; done; while kill -0 "$(cat "$D/a")" 2>/dev/null; do sleep 0.05; done; sleep "${LATER:-$1}"'
tool fails-later 'after-a 0.2; print d; exit 4'
tool waits 'after-a 0.3; print e'
file packages/a/package.json '{"name":"a","scripts":{"x":"fails-first && print never"}}'
file packages/b/package.json '{"name":"b","dependencies":{"a":"workspace:*"},"scripts":{"x":"print b"}}'
file packages/c/package.json '{"name":"c","dependencies":{"b":"workspace:*"},"scripts":{"x":"print c"}}'
file packages/d/package.json '{"name":"d","scripts":{"x":"fails-later"}}'
file packages/e/package.json '{"name":"e","scripts":{"x":"waits"}}'
file package.json '{"name":"root","scripts":{"nested":"vt run -r x && print after","nested-continue":"vt run -r --continue x && print after","both":"vt run-many --continue=always nested-continue other","other":"print other"}}'
printed() { sed 's/^\[[^]]*\] //' <<<"$out" | grep -xE '[a-e]|after|never|other' | sort | tr '\n' ' '; }
go() { rm -rf "$T/d"; mkdir "$T/d"; with D="$T/d" capture vt run --log=interleaved "$@"; }
for option in --continue --continue=dependencies-successful; do
	go $option -r x
	is "$option: all tasks run that do not depend on the failed one; its exit code" "$rc $(printed)" "3 a d e "
	has "... the summary counts" "$out" "vt run: 0/3 cache hit (0%), 2 failed, 2 not run."
done
has "... and names both" "$out" "✗ d#x failed (exit code: 4)"
capture vt run --last-details
has "the full summary: counts them" "$out" "2 failed • 2 not run"
go --continue=always -r x
is "always: all tasks run, but not the rest of the failed command" "$rc $(printed)" "3 a b c d e "
has "... none is left out" "$out" "2 failed. (Run"
go --continue --filter a --filter b x
has "one command ran and failed: the summary counts the task left out" "$out" "vt run: 0/1 cache hit (0%), 1 failed, 1 not run."
with LATER=200 go -r x
is "without --continue: the other tasks are ended" "$rc $(printed | tr -d ' ')" "3 a"
go --continue nested
is "a nested run: follows the outermost" "$rc $(printed)" "3 a d e "
go --continue=always nested
is "... also in the value" "$rc $(printed)" "3 a b c d e "
go nested-continue
is "a nested run with --continue of its own: goes on, and fails as a whole" "$rc $(printed)" "3 a d e "
go --continue=always nested-continue
is "the value of the outermost run: wins" "$rc $(printed)" "3 a b c d e "
go both
is "a nested run beside another task: all run" "$rc $(printed)" "3 a b c d e other "
go --continue --concurrency-limit 1 -r x
is "one task at a time: the same tasks run" "$rc $(printed)" "3 a d e "

# commands that vt executes itself, and programs that cannot start
workspace other
pnpm a b c
tools
file packages/a/package.json '{"name":"a","scripts":{"cd":"cd nowhere && print never","x":"not-there"}}'
file packages/b/package.json '{"name":"b","dependencies":{"a":"workspace:*"},"scripts":{"cd":"print b","x":"print b"}}'
file packages/c/package.json '{"name":"c","scripts":{"cd":"print c","x":"print c"}}'
capture vt run --continue -r cd
is "a cd that fails" "$rc $(printed)" "1 c "
capture vt run --continue -r x
is "a program that is not there" "$rc $(printed)" "127 c "
file vite-task.json '{"cache":true}'
for round in first second third; do
	capture vt run --continue -r cd
	is "cached, the $round time: a cd that fails among hits" "$rc $(printed)" "1 c "
	capture vt run --continue -r x
	is "... and a program that is not there" "$rc $(printed)" "127 c "
done
# with persistent tasks
workspace served
tools
file package.json '{"name":"root"}'
cat >vite-task.json <<'J'
{ "tasks": {
	"server": { "command": "sh -c 'echo up; exec sleep 300'", "persistent": true, "ready": { "output": "up" } },
	"broken": { "command": "fail 5", "persistent": true, "ready": { "output": "up" } },
	"a": { "command": "fail 3", "dependsOn": ["server"], "cache": false },
	"b": { "command": "sh -c 'sleep 0.3; echo b'", "dependsOn": ["server"], "cache": false },
	"c": { "command": "print c", "dependsOn": ["a"] },
	"d": { "command": "print d", "dependsOn": ["broken"] }
} }
J
VT_TIMEOUT=60 capture vt run-many --continue a b c
is "a server goes on for those that still need it, and ends with them" "$rc $(printed)" "3 b "
VT_TIMEOUT=60 capture vt run-many --continue d
is "a persistent task that fails ends the run" "$rc $(printed)" "5 "
# long chains of tasks are given up at once
workspace long
pnpm $(seq -f 'p%04g' 1 600)
tools
for i in $(seq 2 600); do printf '{"name":"p%04d","dependencies":{"p%04d":"workspace:*"},"scripts":{"x":"print x"}}\n' $i $((i - 1)) >packages/p$(printf %04d $i)/package.json; done
file packages/p0001/package.json '{"name":"p0001","scripts":{"x":"fail 9"}}'
capture vt run --continue -r x
is "a long line of tasks" "$rc $(printed)" "9 "
capture vt run --last-details
has "... is counted" "$out" "1 failed • 599 not run"
finish
