# One task fails: the others are killed, grandchildren too, and no new task starts.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
workspace
pnpm a b c
tools
tool family 'sleep 300 & echo $! >"$PIDS"; barrier "$D" b 2; wait'
file packages/a/package.json '{"name":"a","scripts":{"x":"barrier $D a 2 exit 1 && print never","d":"barrier $D a 2 exit 1"}}'
file packages/b/package.json '{"name":"b","scripts":{"x":"family","d":"barrier $D b 2 daemonize"}}'
file packages/c/package.json '{"name":"c","dependencies":{"a":"workspace:*"},"scripts":{"x":"print never"}}'
start=$SECONDS
with D="$T/d1" PIDS="$T/pids" capture vt run --log=interleaved -r x
is "the exit code of the failed task" $rc 1
ok "the run does not wait for a hanging task" $((SECONDS - start > 150))
is "both command lines, nothing after them" "$(steps)" '~/packages/a$ barrier $D a 2 exit 1 && print never ⊘ cache disabled
~/packages/b$ family ⊘ cache disabled'
has "the other one was cancelled" "$out" 'vt run: 0/2 cache hit (0%), 1 failed, 1 cancelled. (Run `vt run --last-details` for full details)
✗ a#x failed first (exit code: 1)'
wait_gone "$(cat "$T/pids")"
ok "the grandchild is dead" $?
capture vt run --last-details
has "the killed task has 137" "$out" "b#x: ~/packages/b\$ family ✗ (exit code: 137), cancelled"
is "the last run's exit code" $rc 1
for log in interleaved labeled grouped; do
	start=$SECONDS
	with D="$T/d-$log" capture vt run --log=$log --filter a --filter b d
	is "$log: a task that gave its pipes away: killed" "$rc $((SECONDS - start > 150))" "1 0"
done
finish
