# One of several tasks fails: tasks that vt ends for it count as cancelled, and the summary names the first failure.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
workspace
pnpm a b c
tools
# the three tools wait for each other, and for their lines to be in the log
tool late-fail ": >$T/a; until [ -e $T/b ] && [ -e $T/c ]; do sleep 0.02; done"'
i=1; while [ $i -le 30 ]; do echo "line $i"; i=$((i+1)); done; printf "no newline at its end"
until grep -q talking '"$T/out"'; do sleep 0.02; done; exit 7'
tool talk ": >$T/b; until grep -q 'line 30' $T/out; do sleep 0.02; done; echo talking; exec sleep 60"
tool quiet ": >$T/c; exec sleep 60"
file packages/a/package.json '{"name":"a","scripts":{"x":"late-fail","y":"fail 3","z":"print a"}}'
file packages/b/package.json '{"name":"b","scripts":{"x":"talk","y":"print b"}}'
file packages/c/package.json '{"name":"c","scripts":{"x":"quiet"}}'
file package.json '{"name":"r"}'
lines=$(seq 12 30 | sed 's/^/line /')
for how in --log=labeled --cache; do
	rm -rf .vt
	rm -f "$T"/[abc]; : >"$T/out"
	capture vt run $how -r x
	is "$how: the exit status is the failed task's" $rc 7
	is "$how: the others are cancelled" "$(grep '^vt run:' <<<"$out")" 'vt run: 0/3 cache hit (0%), 1 failed, 2 cancelled. (Run `vt run --last-details` for full details)'
	is "$how: the last 20 lines of the failed one stand at the end" "$(sed -n '/failed first/,$p' <<<"$out")" "✗ a#x failed first (exit code: 7); it printed last:
$lines
no newline at its end"
	capture vt run --last-details
	has "$how: the last run's figures" "$out" "1 failed • 2 cancelled"
	is "$how: ... the exit status" $rc 7
	is "$how: the cancelled ones are marked" "$(grep -c ' ✗ (exit code: 137), cancelled$' <<<"$out")" 2
done
rm -rf .vt "$T"/[abc]; : >"$T/out"
capture vt run -v --log=labeled -r x
is "-v: the lines come after the full summary" "$(tail -n 1 <<<"$out")" "no newline at its end"
# lines that end the output are not repeated
file packages/a/package.json '{"name":"a","scripts":{"x":"print before && sh -c \"echo it; exit 4\""}}'
capture vt run --log=labeled -r --concurrency-limit 1 -F a x
is "lines that end the output: not repeated" "$rc $(tail -n 1 <<<"$out")" "4 ✗ a#x failed first (exit code: 4)"
# two tasks that fail by themselves
file packages/a/package.json '{"name":"a","scripts":{"x":"fail 5"}}'
file packages/b/package.json '{"name":"b","scripts":{"x":"fail 6"}}'
file packages/c/package.json '{"name":"c"}'
capture vt run -r --concurrency-limit 1 x
is "the first that failed decides, nothing starts after it" "$rc $(steps | wc -l)" "5 1"
finish
