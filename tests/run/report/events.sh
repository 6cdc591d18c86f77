# --events writes a line for each start and end while the run goes on, and keeps the output of each command in a log.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
requires jq
workspace
pnpm a b
tools
tool until-told 'color red; echo "error of $PPID" >&2; until grep -q "\"event\":\"finished\".*\"task\":\"b#x\"" '"$T"'/e.ndjson; do sleep 0.02; done; echo end'
# a failure ends what still runs: it waits until the other task has had its say
tool fail-last 'until grep -q "\"event\":\"finished\".*\"task\":\"a#y\"" '"$T"'/e.ndjson; do sleep 0.02; done; exit 3'
file packages/a/package.json '{"name":"a","scripts":{"x":"until-told","y":"print y","silent":"true"}}'
file packages/b/package.json '{"name":"b","scripts":{"x":"print b","y":"fail-last"}}'
valid() {
	if command -v node >/dev/null && [ -d "$NPM/ajv" ]; then
		is "$1: each line is as the schema says" "$(node "$abs_top_srcdir/tests/run/report/valid.cjs" "$NPM" "$abs_top_srcdir/core/man" vt-events.schema.json "$T/e.ndjson" lines 2>&1)" ""
	else
		skip "$1: the schema has nothing against a line" "node or the npm package ajv is not installed"
	fi
}
capture vt run -r --events "$T/e.ndjson" x
is "lines are written while the run goes on" $rc 0
is "the first and the last line are the run's" "$(jq -r .event "$T/e.ndjson" | sed -n '1p;$p' | tr '\n' ' ')" "runStarted runFinished "
is "each command has two lines" "$(jq -r 'select(.task)|.event+" "+.task' "$T/e.ndjson" | sort | tr '\n' ' ')" "finished a#x finished b#x started a#x started b#x "
valid "a run without a cache"
log=$(jq -r 'select(.event=="finished" and .task=="a#x").log' "$T/e.ndjson")
# two pipes: what comes first of them is not certain
like "a log: all output of both streams, without colours" "$(LC_ALL=C sort "$log")" "end
error of *
red"
has "... and is shown all the same" "$out" end
is "the folder of the logs is named" "$(jq -r 'select(.logs).logs' "$T/e.ndjson")" "$T/e.ndjson.logs"
vt run --cache -r --events "$T/e.ndjson" x >/dev/null
vt run --cache -r --events "$T/e.ndjson" x >/dev/null
is "a hit: told as one" "$(jq -c 'select(.event=="finished")|[.status,.savedMs>=0]' "$T/e.ndjson" | sort -u)" '["hit",true]'
has "... and has a log" "$(cat "$T"/e.ndjson.logs/*-a-x.log)" red
valid "hits"
capture vt run -r --output-logs none --events "$T/e.ndjson" y
is "--output-logs none: logs have the output" "$(cat "$T"/e.ndjson.logs/*-a-y.log)" y
is "logs of earlier runs: removed" "$(ls "$T/e.ndjson.logs" | grep -c 'x.log')" 0
is "a failure: has its status" "$(jq -c 'select(.task=="b#y" and .event=="finished")|[.status,.exitCode,.log]' "$T/e.ndjson")" '["failed",3,null]'
is "the last line: has the figures" "$(jq -c 'select(.event=="runFinished")|[.exitCode,.counts.failed]' "$T/e.ndjson")" "[3,1]"
valid "a run that fails"
: >"$T/e.ndjson.logs/mine.txt"
vt run --events "$T/e.ndjson" a#silent >/dev/null
there "other files in the folder: stay" "$T/e.ndjson.logs/mine.txt"
rm -rf "$T/e.ndjson.logs"; mkdir "$T/elsewhere"; ln -s elsewhere "$T/e.ndjson.logs"
capture vt run --events "$T/e.ndjson" a#silent
like "a link in place of the folder: refused" "$rc $err" "1 error: Cannot open the folder '$T/e.ndjson.logs' for what the tasks print: *"
rm "$T/e.ndjson.logs"
vt run -q --events /dev/stdout a#y >"$T/all"
log=$(jq -r 'select(.event=="finished").log' "$T/all")
is "events on standard output: the logs have a folder of their own" "$(<"$log")" y
rm -rf "${log%/*}"
finish
