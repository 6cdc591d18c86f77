# stdout and stderr stay apart, except in a group; the outermost --log counts.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
workspace
pnpm a
tools
file packages/a/package.json '{"name":"a","scripts":{"both":"sh -c \"echo out; echo err >&2\"","inner":"vt run --log=labeled both"}}'
cd packages/a
capture vt run both
is "interleaved: each to its own" "$(printf %s "$out" | tail -1)/$err" "out/err"
capture vt run --log=labeled both
is "labeled: each to its own" "$(printf %s "$out" | tail -1)/$err" "[a#both] out/[a#both] err"
capture vt run --log=grouped both
is "grouped: both to stdout" "$(printf '%s\n' "$out" | tail -3 | sort | tr '\n' ' ')/$err" "err out ── [a#both] ── /"
capture vt run inner
is "a mode inside a command is not heard" "$(printf %s "$out" | tail -1)/$err" "out/err"
finish
