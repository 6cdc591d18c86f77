# An input that changes while the task runs: what it made is not kept.
. "$abs_top_srcdir/tests/lib/functions.sh"
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
has "edited: not kept" "$out" "→ Not cached: 'src/a' changed while the task ran"
is "... but done" "$rc" 0
capture vt run edit
has "... and told in short" "$out" "r#edit not cached because"
hasnt "... no hit" "$out" '◉'
capture vt run -v same
has "written again as it was: not kept either" "$out" "'src/a' changed while the task ran"
capture vt run own; capture vt run own; capture vt run own
has "what it makes itself by \`output\` does not count" "$out" '◉ cache hit'
rm -f src/new
capture vt run add
hasnt "a file that it adds to its own inputs" "$out" '◉'
capture vt run add
has "... is a change the next time" "$out" "'new' added in 'src'"
capture vt run add
has "... and then none" "$out" '◉ cache hit'
finish
