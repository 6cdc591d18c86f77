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
traced sh -c 'sleep 1 </dev/null >/dev/null 2>&1 & cd / ; exec /bin/true'
is "one that touched nothing here does no harm" "$rc $end" "0 complete"
finish
