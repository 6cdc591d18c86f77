# What outlives the task: it goes on working, and the trace says what it does not know.
. "$abs_top_srcdir/tests/lib/functions.sh"
. "$abs_top_srcdir/tests/run/trace/lib.sh"

workspace
touch touched-by-parent touched-by-daemon
before=$(date +%s%N)
traced "$CASE" daemon
after=$(date +%s%N)
is "the task ends" "$rc" 0
ok "at once: $(((after - before) / 1000000)) ms" $((after - before > 1000000000))
like "the trace names the process that lives on" "$end" "incomplete*background process * (trace-case) is still running"
for _ in $(seq 60); do [ -e daemon-done ] && break; sleep 0.1; done
there "two seconds later it still opens files" daemon-done

workspace
touch touched-by-parent touched-by-daemon
base_env timeout -k 5 60 "$HOST" -p -r "$PWD" -o "$T/notes" "$TRACER" "$CASE" daemon 2>"$T/err" </dev/null
is "under a host that catches no signal: it ends" "$?" 0
like "... and names it too" "$(tail -n 1 "$T/notes")" "incomplete*is still running"

workspace
traced sh -c 'sleep 1 </dev/null >/dev/null 2>&1 & cd / ; exec /bin/true'
is "one that touched nothing here does no harm" "$rc $end" "0 complete"

# the same with the runner
waits_for() { for _ in $(seq 60); do [ -e "$1" ] && return; sleep 0.1; done; }
workspace
file package.json '{"name":"app","private":true}'
touch touched-by-parent touched-by-daemon
quiet="sh -c '$CASE daemon </dev/null >/dev/null 2>&1'"
file vite-task.json "{\"tasks\":{\"t\":{\"command\":\"$quiet\"},\"two\":{\"command\":\"$quiet && sh -c 'echo \$PPID >keeper; sleep 5'\"}}}"
before=$(date +%s%N); capture vt run t; after=$(date +%s%N)
is "a task that leaves a daemon" "$rc" 0
ok "ends: $(((after - before) / 1000000)) ms" $((after - before > 1500000000))
has "and is not kept" "$out" "background process"
waits_for daemon-done
there "the daemon goes on when the run is over" daemon-done

rm -f daemon-done still-opens; rm -rf .vt
base_env "$VT" run two >"$T/out" 2>"$T/err" </dev/null & runner=$!
waits_for keeper
there "a second step" keeper
kill -9 $runner; wait $runner 2>/dev/null
rm -f still-opens
waits_for daemon-done
there "the runner was killed: what lived on from an ended step still opens files" daemon-done
there "and makes them" still-opens
keeper=$(cat keeper)
for _ in $(seq 30); do [ -d /proc/$keeper ] || break; sleep 0.1; done
gone "when it is done too, nobody is left" /proc/$keeper
finish
