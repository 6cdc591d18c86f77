# Every signal to the runner alone, every kind of task: nothing survives that should not.
. "$abs_top_srcdir/tests/lib/functions.sh"
. "$abs_top_srcdir/tests/lib/tools.sh"
requires python3
workspace
tools
# each notes the pids of all its processes, then says ready
note='echo $$ >>"$PIDS"'
tool plain "$note; echo ready >>\"\$READY\"; exec sleep 60"
tool one "$note; exec sleep 60"
tool deaf "$note; trap '' INT TERM HUP; echo ready >>\"\$READY\"; for i in 1 2 3 4 5 6 7 8 9; do sleep 5; done"
tool deaf-child 'deaf & wait'
file node_modules/.bin/daemon '#!/usr/bin/env python3
import os, signal, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() != 0: os._exit(0)
    if len(sys.argv) > 1:
        for s in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP): signal.signal(s, signal.SIG_IGN)
    null = os.open("/dev/null", os.O_RDWR)
    for n in range(3): os.dup2(null, n)
    open(os.environ["PIDS"], "a").write("%d\n" % os.getpid())
    open(os.environ["READY"], "a").write("ready\n")
    time.sleep(60)
    os._exit(0)
open(os.environ["PIDS"], "a").write("%d\n" % os.getpid())
signal.signal(signal.SIGINT, signal.SIG_DFL)
time.sleep(60)'
chmod +x node_modules/.bin/daemon
tool two 'while [ "$(wc -l <"$PIDS")" -lt 2 ]; do sleep 0.05; done; echo ready >>"$READY"'
file package.json '{"name":"r","scripts":{"plain":"plain","sh":"sh -c \"one & one & two; wait\"","deaf":"deaf","deaf-child":"deaf-child","daemon":"daemon","deaf-daemon":"daemon deaf"}}'
signal() {
	: >"$T/ready"; : >"$T/pids"
	local start=${EPOCHREALTIME/./}
	with READY="$T/ready" PIDS="$T/pids" base_env python3 "$abs_top_srcdir/tests/lib/send-signal.py" "$T/ready" "$1" "" "$VT" run $mode "$2" </dev/null >"$T/out" 2>"$T/err"
	rc=$?; took=$(((${EPOCHREALTIME/./} - start) / 1000000))
}
none_left() { local p; for p in $(cat "$T/pids"); do wait_gone "$p" || return 1; done; [ -s "$T/pids" ]; }
code() { case $1 in INT) echo 130;; TERM) echo 143;; HUP) echo 129;; KILL) echo 137;; esac; }
# modes, signals, tasks
while read -r modes signals tasks; do
	for mode in ${modes//,/ }; do for s in ${signals//,/ }; do for task in ${tasks//,/ }; do
		signal $s $task
		none_left
		ok "$mode: $s to $task: nothing is left" $?
		is "$mode: $s to $task: exit code" $rc $(code $s)
		ok "$mode: $s to $task: soon ($took s)" $((took > 4))
	done; done; done
done <<'EOF'
--log=interleaved INT,TERM,HUP,KILL plain,sh,daemon
--log=labeled,--cache TERM,KILL plain,sh,daemon
--log=labeled TERM,KILL deaf-child,deaf-daemon
--log=interleaved INT,HUP deaf-child,deaf-daemon
EOF
mode=--log=interleaved
for s in INT TERM HUP KILL; do
	signal $s deaf
	none_left
	ok "$s to one that does not listen: nothing is left" $?
	is "$s to one that does not listen: exit code" $rc $(code $s)
	case $s in KILL) ok "at once" $((took > 4));; *) ok "after 5 s of grace ($took s)" $((took < 4 || took > 9));; esac
done
finish
