# Six runs hit the same result at the same time.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
workspace
tools
file package.json '{"name":"r"}'
file vite-task.json '{"tasks":{"t":{"command":"print at-once","input":[],"output":["dist/**"]}}}'
vt run t >/dev/null
for i in 1 2 3 4 5 6; do vt run t >"$T/at-once-$i" 2>&1 & done
wait
is "each of six runs at once is a hit" "$(cat "$T"/at-once-* | grep -c '◉ cache hit, replaying')" 6
finish
