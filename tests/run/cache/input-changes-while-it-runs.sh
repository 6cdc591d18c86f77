# An input that changes while the task runs: the result is not kept.
. "${0%/*}/../../lib/functions.sh" || exit
workspace
file package.json '{"name":"r"}'
file vite-task.json '{"tasks":{
"edit":{"command":"sh edit.sh","input":["src/**"]},
"same":{"command":"sh same.sh","input":["src/**"]},
"own":{"command":"sh own.sh","input":["src/**","gen/**"],"output":["gen/**"]},
"add":{"command":"sh add.sh","input":["src/**"]}}}'
file src/a 1; file src/b 1
file edit.sh 'cat src/a; echo 2 >src/a'
file same.sh 'cat src/a; cp -p src/a x; cat x >src/a'
file own.sh 'mkdir -p gen; cat src/a >gen/out'
file add.sh '[ -e src/new ] || echo n >src/new; cat src/*'
capture vt run -v edit
has "an input edited while the task runs: the result is not stored" "$out" "→ Not cached: 'src/a' changed while the task ran"
is "... but the task succeeds" "$rc" 0
capture vt run edit
has "... and the summary names it" "$out" "r#edit not cached because"
hasnt "... and the next run is no hit" "$out" '◉'
capture vt run -v same
has "an input rewritten with its old content: the result is not stored either" "$out" "'src/a' changed while the task ran"
capture vt run own; capture vt run own; capture vt run own
has "files under \`output\` do not count as changed" "$out" '◉ cache hit'
rm -f src/new
capture vt run add
hasnt "a task that adds a file to its own inputs is not stored" "$out" '◉'
capture vt run add
has "... the added file is the next reason" "$out" "'new' added in 'src'"
capture vt run add
has "... and then the task hits" "$out" '◉ cache hit'

# edits the input after its lookup and before the start of the task, while vt still reads a large input
file vite-task.json '{"tasks":{"late":{"command":"cat in/a","input":["in/**"]}}}'
mkdir in; truncate -s 400M in/b
reads() { local fd; for fd in "/proc/$1/fd"/*; do [ "$fd" -ef "$2" ] && return; done; false; }
file in/a 1
(exec env -i PATH="$PATH" HOME="$T/home" XDG_RUNTIME_DIR="$T/run" "$VT" run late >"$T/out" 2>&1) & vt=$!
while kill -0 $vt 2>/dev/null && ! reads $vt in/b; do :; done
file in/a 2
wait $vt
is "an edit between look-up and start is seen by the task" "$(grep -x '[12]' "$T/out")" 2
capture vt run late
has "the result belongs to what the task read" "$out" 2
file in/a 1
capture vt run late
has "... and not to what was looked up" "$(printf '%s' "$out" | grep -x '[12]')" 1
finish
