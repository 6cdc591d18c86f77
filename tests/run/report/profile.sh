# --profile writes a Chrome trace: commands, look-ups, restores, stores, and the chain that the run's length comes from.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
requires python3
workspace
pnpm a b c d
tools
tool write 'sleep "$2"; mkdir -p dist; echo out >"dist/$1"'
file packages/a/package.json '{"name":"a"}'
file packages/a/vite-task.json '{"tasks":{"x":{"command":"write a 0.3","output":["dist/**"]}}}'
file packages/b/package.json '{"name":"b"}'
file packages/b/vite-task.json '{"tasks":{"x":{"command":"write b 0","output":["dist/**"]}}}'
file packages/c/package.json '{"name":"c","dependencies":{"a":"workspace:*","b":"workspace:*"}}'
file packages/c/vite-task.json '{"tasks":{"x":{"command":"write c 0 && write c2 0","output":["dist/**"]}}}'
file packages/d/package.json '{"name":"d","scripts":{"x":"vt run c#x"}}'
read_trace() { python3 "$abs_top_srcdir/tests/run/report/trace.py" "$T/t.json" 2>&1; }
capture vt run -r --profile "$T/t.json" x
says=$(read_trace); loads=$?
is "the trace is JSON" $loads 0
is "the critical path is the slow chain" "$(sed -n 's/^critical path //p' <<<"$says" | tr '\n' ' ')" "a#x c#x c#x "
is "each command has an event" "$(sed -n 's/^commands //p' <<<"$says" | sort | tr '\n' ' ')" "a#x b#x c#x c#x c#x c#x "
has "look-ups have events" "$says" "cache look up a#x"
has "stores have events" "$says" "cache store a#x"
rm -rf packages/a/dist
capture vt run --profile "$T/t.json" a#x
says=$(read_trace); loads=$?
is "the trace of a hit is JSON" $loads 0
has "... a restore has an event" "$says" "cache restore a#x"
has "... the hit has an event" "$says" "commands a#x"
file packages/d/package.json '{"name":"d","scripts":{"bad":"exit 3"}}'
vt run --profile "$T/t.json" d#bad >/dev/null 2>&1
is "a failure: told as one" "$(python3 -c 'import json, sys
print(*((e["cat"], e["args"]["result"], e["args"]["exitCode"]) for e in json.load(open(sys.argv[1]))["traceEvents"] if e["ph"] == "X" and e["pid"] == 2))' "$T/t.json")" "('failed', 'failed', 3)"
capture vt run --profile "$T/t.json" --filter nobody x
is "a run without a task: a trace that is JSON" "$rc $(read_trace)" "0 "
finish
