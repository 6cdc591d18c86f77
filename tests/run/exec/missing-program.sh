# A program that is nowhere: nothing of the run starts.
. "$abs_top_srcdir/tests/lib/functions.sh"
. "$abs_top_srcdir/tests/lib/tools.sh"
workspace
tools
pnpm a b
file packages/a/package.json '{"name":"a","scripts":{"x":"print a"}}'
file packages/b/package.json '{"name":"b","scripts":{"x":"no-such-program"}}'
capture vt run -r x
is "a program that is not there: nothing runs at all" "$rc:$out" 1:
has "... and says where it was looked for" "$err" "error: Failed to find executable no-such-program under cwd $W/packages/b"
finish
