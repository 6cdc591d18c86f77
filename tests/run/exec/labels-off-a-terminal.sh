# In a log file lines of tasks that run at the same time carry their task's name, without an option.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
workspace
pnpm a b c
tools
file packages/a/package.json '{"name":"a","scripts":{"x":"print from a","line":"print one","pair":"vt run -r x"}}'
file packages/b/package.json '{"name":"b","scripts":{"x":"print from b"}}'
file packages/c/package.json '{"name":"c","dependencies":{"a":"workspace:*"},"scripts":{"line":"print two"}}'
capture vt run -r x
has "two at the same time: labels" "$out" "[a#x] from a"
has "... also on command lines" "$out" "[b#x] ~/packages/b\$ print from b"
capture vt run --cache -r x; capture vt run --cache -r x
has "... and on replayed output" "$out" "[b#x] from b"
capture vt run a#pair
has "... also of a run inside a command" "$out" "[b#x] from b"
for how in "--concurrency-limit 1 -r x" "-F a x" "-r line" "--log=interleaved -r x"; do
	capture vt run $how
	hasnt "$how: no labels" "$out" "[a#"
done
has "... the lines come without them" "$out" "
from a"
capture vt run --log=grouped -r x
has "--log=grouped: blocks" "$out" "── [a#x] ──"
with TERM=xterm NO_COLOR=1 terminal vt run -r x
hasnt "on a terminal there are none" "$out" "[a#x]"
finish
