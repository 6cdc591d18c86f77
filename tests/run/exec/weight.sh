# The key "weight": how many of the places for commands a task takes.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
workspace
pnpm a b c d
tools
# alone NAME: prints how many tasks run at the same time; barrier (tools.sh) waits until N run at once
tool alone ': >"$D/$1"; sleep 0.3; n=0; for f in "$D"/*; do n=$((n + 1)); done; rm "$D/$1"; echo "$1 saw $n"'
for p in a b c d; do file packages/$p/package.json "{\"name\":\"$p\",\"scripts\":{\"x\":\"alone $p\",\"y\":\"barrier \$D $p 2\"}}"; done
go() { rm -rf "$T/d"; mkdir "$T/d"; with D="$T/d" capture vt run "$@"; }
saw() { grep -oE '[a-d] saw [0-9]+' <<<"$out" | sort | tr '\n' ' '; }
file vite-task.json '{"taskDefaults":{"x":{"weight":4}}}'
go -r x
is "as heavy as the limit: one at a time" "$rc $(saw)" "0 a saw 1 b saw 1 c saw 1 d saw 1 "
go --concurrency-limit 2 -r x
is "heavier than the limit: one at a time, and each runs" "$rc $(saw)" "0 a saw 1 b saw 1 c saw 1 d saw 1 "
file vite-task.json '{"taskDefaults":{"y":{"weight":2}}}'
go --filter a --filter b y
is "two of half the limit run together" "$rc" 0
go --concurrency-limit 3 --filter a --filter b y
isnt "... and not where there is no room for both" "$rc" 0
file vite-task.json '{"taskDefaults":{"x":{"weight":4},"y":{"weight":1000000}}}'
go --parallel --filter a --filter b y
is "--parallel knows no weight" "$rc" 0
# a heavy task among light ones, cached and hit
file packages/a/vite-task.json '{"tasks":{"x":{"weight":3}}}'
file vite-task.json '{"cache":true,"untrackedEnv":["D"],"taskDefaults":{"x":{"weight":1}}}'
go --concurrency-limit 3 -r x
like "a heavy one runs alone among light ones" "$rc $(saw)" "0 a saw 1 *"
go --concurrency-limit 3 -r x
is "all hit" "$rc $(steps | grep -c 'cache hit')" "0 4"
finish
