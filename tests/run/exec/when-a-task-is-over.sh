# When a task is over: its exit, and the ends of its pipes.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
workspace
tools
tool late '(sleep 1; echo late) &'
tool held 'sleep 300 & echo $! >"$PIDS"'
tool away 'sleep 300 >/dev/null 2>&1 </dev/null & echo $! >"$PIDS"'
tool many 'i=0; while [ $i -lt 20000 ]; do echo line-$i; i=$((i+1)); done'
file package.json '{"name":"r","scripts":{"late":"late","held":"held","away":"away","many":"many","quiet":"true"}}'
capture vt run --log=labeled late
is "the output of a background process belongs to its task" "$(printf '%s\n' "$out" | tail -1)" "[r#late] late"
PIDS=$T/pids
start=$SECONDS
with PIDS="$PIDS" capture vt run --log=labeled held
took=$((SECONDS - start))
ok "a held pipe is waited for, 10 s long ($took s)" $((took < 9 || took > 150))
is "... and is no failure" $rc 0
kill -0 "$(cat "$PIDS")" 2>/dev/null
ok "the background process lives on" $?
kill "$(cat "$PIDS")"
away() { start=$(date +%s%N); with PIDS="$PIDS" capture vt run --log=labeled away; took=$((($(date +%s%N) - start) / 1000000)); pids+=($(cat "$PIDS")); }
pids=()
once_below 9000 away
ok "a background process without a pipe is not waited for ($took ms)" $?
kill -0 "$(cat "$PIDS")" 2>/dev/null
ok "... and lives on" $?
kill "${pids[@]}"
for log in labeled grouped; do
	vt run --log=$log many | { sleep 1; cat; } >"$T/many"
	is "$log: a slow reader gets everything" "$(grep -c 'line-[0-9]' "$T/many"; grep -o 'line-19999' "$T/many")" "20000
line-19999"
done
capture vt run --log=labeled many
is "in order" "$(printf '%s\n' "$out" | grep '^\[r#many\] line-' | sed 's/.*-//' | sort -nc 2>&1)" ""
vt run --log=labeled many >/dev/full 2>"$T/err"
is "a full disk fails the task" $? 1
start=$SECONDS
{ vt run --log=labeled many; echo $? >"$T/rc"; } | head -1 >/dev/null
isnt "a reader that leaves ends the task" "$(cat "$T/rc")" 0
vt run --log=labeled quiet >/dev/full
is "a full disk does not disturb a task that prints nothing" $? 0
finish
