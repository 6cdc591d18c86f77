# --shard I/N runs one part of the tasks; without a service every machine comes to the same parts.
. "${0%/*}/../../lib/functions.sh" || exit
requires jq
workspace
pnpm a b c d e
for p in a b c d e; do file packages/$p/package.json "{\"name\":\"$p\"}"; file packages/$p/vite-task.json '{"tasks":{"t":{"command":"true"},"need":{"command":"echo needed"},"v":{"command":"sleep 0","dependsOn":["need"]}}}'; done
file package.json '{"name":"root"}'
labels() { steps | sed -E 's/^\[([^]]*)\].*/\1/' | sort -u | tr '\n' ' '; }
all=
for i in 1 2 3; do
	capture vt run -r --shard $i/3 --log labeled t
	is "part $i of 3 succeeds" "$rc$err" 0
	all+=$(labels)
done
is "each task is in exactly one part" "$(tr ' ' '\n' <<<"$all" | sort | xargs)" "a#t b#t c#t d#t e#t"
capture vt run -r --shard 1/2 --log labeled v
is "a task's dependencies run with it" "$(labels)" "a#need a#v c#need c#v e#need e#v "
capture vt run -r --shard 6/6 t
is "a part without a task: succeeds, and says so" "$rc $out$err" "0 vt run: no task is in part 6 of 6"
capture vt run -r --dry-run --shard 2/2 v
has "a dry run: shows the part" "$out" "packages/b"
hasnt "... and no other" "$out" "packages/a"
file "$T/times.json" '{"steps":[{"task":"a#t","durationMs":100},{"task":"b#t","durationMs":9000},{"task":"c#t","durationMs":3000,"savedMs":120},{"task":"d#t","durationMs":100},{"task":"e#t","durationMs":100}]}'
capture vt run -r --shard 1/2 --shard-times "$T/times.json" --log labeled t
is "with durations: the longest task is alone" "$(labels)" "b#t "
capture vt run -r --cache --summary-file "$T/s.json" t
capture vt run -r --shard 1/1 --shard-times "$T/s.json" t
is "a summary as the source of durations" "$rc$err" 0
vt cache stat --json >"$T/stat.json"
is "the figures of the cache: name each task once" "$(jq -c '[.tasks[].task]' "$T/stat.json")" '["a#t","a#v","b#t","c#t","c#v","d#t","e#t","e#v"]'
capture vt run -r --shard 1/1 --shard-times "$T/stat.json" t
is "the figures as the source of durations" "$rc$err" 0
cp "$T/times.json" here.json
capture vt run -r --shard 1/2 --shard-times here.json -C packages/a t
like "a missing file: looked for where the option says" "$rc $err" "1 *packages/a/here.json* is not there"
wrong() { # wrong STORY WORDS... <MESSAGE: misuse is one clear sentence
	local story=$1 want; want=$(cat); shift
	capture vt run "$@" t
	is "$story" "$rc $(head -n 1 <<<"$err")" "2 error: $want"
}
for v in 0/3 4/3 1/0 1 1/ /2 a/b 1/2/3 -1/2 1/99999 ''; do
	wrong "'$v' is no part" --shard="$v" <<<"invalid value '$v' for '--shard <I/N>': two numbers are needed, such as 1/4: which part, from 1, and of how many (at most 10000)"
done
wrong "durations without parts" --shard-times x <<<"the argument '--shard-times <FILE>' needs '--shard <I/N>'"
wrong "two ways to part the work" --shard 1/2 --together=x <<<"the argument '--together[=<ID>]' cannot be used with '--shard <I/N>': each parts the work in its own way"
echo '{' >"$T/bad.json"
capture vt run --shard 1/2 --shard-times "$T/bad.json" a#t
like "a damaged file: an error with its place" "$rc $err" "1 error: Failed to read the durations of --shard-times*bad.json:*"
echo '{"a":1}' >"$T/bad.json"
capture vt run --shard 1/2 --shard-times "$T/bad.json" a#t
has "another JSON file: an error" "$rc $err" "neither \`steps\` nor \`tasks\`"
echo '{"steps":[{"task":1}]}' >"$T/bad.json"
capture vt run --shard 1/2 --shard-times "$T/bad.json" a#t
has "a wrong entry: an error" "$rc $err" "an entry without \`task\` and \`durationMs\`"
finish
