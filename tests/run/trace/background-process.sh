# A process that outlives the task goes on working, and the trace says that it is incomplete.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/run/trace/lib.sh"

workspace
touch touched-by-parent touched-by-daemon
traced "$CASE" daemon
is "a task with a daemon: ends" "$rc" 0
gone "... without waiting for its daemon" daemon-done
like "... the trace names the process that lives on" "$end" "incomplete*background process * (trace-case) is still running"
touch let-go
until_true [ -e daemon-done ]
there "... which still opens files" daemon-done

workspace
touch touched-by-parent touched-by-daemon
base_env timeout -k 5 300 "$HOST" -p -r "$PWD" -o "$T/notes" "$TRACER" "$CASE" daemon 2>"$T/err" </dev/null
is "under a host that catches no signal: the task ends" "$?" 0
like "... the trace names the process" "$(tail -n 1 "$T/notes")" "incomplete*is still running"
touch let-go

workspace
traced sh -c 'cd /; sleep 10 </dev/null >/dev/null 2>&1 & exec /bin/true'
is "a process that touched nothing here and stands elsewhere: the trace is complete" "$rc $end" "0 complete"
traced sh -c 'sleep 10 </dev/null >/dev/null 2>&1 & exec /bin/true'
like "a process that stands here: the trace is incomplete" "$end" "incomplete*background process * (sleep) is still running"
if command -v python3 >/dev/null; then
	file fork.py 'import os, time
if os.fork(): os._exit(0)
os.setsid(); n = os.open("/dev/null", os.O_RDWR)
for i in 0, 1, 2: os.dup2(n, i)
time.sleep(10)'
	traced python3 -B fork.py
	like "a process that was forked off and named nothing yet: the trace is incomplete" "$end" "incomplete*background process * (python3) is still running"
fi

# the same with the runner
workspace
file package.json '{"name":"app","private":true}'
touch touched-by-parent touched-by-daemon
quiet="sh -c '$CASE daemon </dev/null >/dev/null 2>&1'"
file vite-task.json "{\"tasks\":{\"t\":{\"command\":\"$quiet\"},\"two\":{\"command\":\"$quiet && sh -c 'echo \$PPID >keeper; sleep 300'\"}}}"
capture vt run t
is "vt run, a task that leaves a daemon: ends" "$rc" 0
gone "... without waiting for the daemon" daemon-done
has "... it is not kept" "$out" "background process"
touch let-go
until_true [ -e daemon-done ]
there "... the daemon works on after the run" daemon-done

rm -f daemon-done still-opens let-go; rm -rf .vt
(exec env -i PATH="$PATH" HOME="$T/home" XDG_RUNTIME_DIR="$T/run" "$VT" run two >"$T/out" 2>"$T/err" </dev/null) & runner=$!
until_true [ -s keeper ]
there "a second step runs beside the daemon of the first" keeper
kill -9 $runner; wait $runner 2>/dev/null
rm -f still-opens
touch let-go
until_true [ -e daemon-done ]
there "a killed runner: the daemon of an ended step still opens files" daemon-done
there "... and makes files" still-opens
keeper=$(cat keeper)
until_true [ ! -d /proc/$keeper ]
gone "... and when the daemon ends, no keeper is left" /proc/$keeper
finish
