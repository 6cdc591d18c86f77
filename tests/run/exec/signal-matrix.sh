# Every signal to the runner alone, every kind of task: nothing survives that should not.
. "$abs_top_srcdir/tests/lib/functions.sh"
. "$abs_top_srcdir/tests/lib/tools.sh"
requires python3
workspace
tools
# Names with VT_ reach cached tasks, too.
# each notes the pids of all its processes, then says ready
note='echo $$ >>"$VT_PIDS"'
tool plain "$note; echo ready >>\"\$VT_READY\"; exec sleep 60"
tool one "$note; exec sleep 60"
tool deaf "$note; trap '' INT TERM HUP; echo ready >>\"\$VT_READY\"; for i in 1 2 3 4 5 6 7 8 9; do sleep 5; done"
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
    open(os.environ["VT_PIDS"], "a").write("%d\n" % os.getpid())
    open(os.environ["VT_READY"], "a").write("ready\n")
    time.sleep(60)
    os._exit(0)
open(os.environ["VT_PIDS"], "a").write("%d\n" % os.getpid())
signal.signal(signal.SIGINT, signal.SIG_DFL)
time.sleep(60)'
chmod +x node_modules/.bin/daemon
tool two 'while [ "$(wc -l <"$VT_PIDS")" -lt 2 ]; do sleep 0.05; done; echo ready >>"$VT_READY"'
file package.json '{"name":"r","scripts":{"plain":"plain","sh":"sh -c \"one & one & two; wait\"","deaf":"deaf","deaf-child":"deaf-child","daemon":"daemon","deaf-daemon":"daemon deaf"}}'
code() { case $1 in INT) echo 130;; TERM) echo 143;; HUP) echo 129;; KILL) echo 137;; esac; }
# cell MODE SIGNAL TASK: one run of its own; what came of it goes to its folder
cell() {
	local d=$T/cells/$1.$2.$3 start rc p took left=0
	mkdir -p "$d"; : >"$d/ready"; : >"$d/pids"
	start=${EPOCHREALTIME/./}
	with VT_READY="$d/ready" VT_PIDS="$d/pids" base_env python3 "$abs_top_srcdir/tests/lib/send-signal.py" "$d/ready" "$2" "" "$VT" run $1 "$3" </dev/null >"$d/out" 2>"$d/err"
	rc=$?; took=$(((${EPOCHREALTIME/./} - start) / 1000000))
	[ -s "$d/pids" ] || left=none
	for p in $(cat "$d/pids"); do wait_gone "$p" || left=$p; done
	echo $rc $took $left >"$d/result"
}
cells() { local m s t; for m in ${1//,/ }; do for s in ${2//,/ }; do for t in ${3//,/ }; do echo "$m $s $t"; done; done; done; }
all=$(
	cells --log=interleaved INT,TERM,HUP,KILL plain,sh,daemon,deaf
	cells --log=labeled,--cache TERM,KILL plain,sh,daemon
	cells --log=labeled TERM,KILL deaf-child,deaf-daemon
	cells --log=interleaved INT,HUP deaf-child,deaf-daemon
)
n=0
while read -r mode s task; do
	cell $mode $s $task &
	n=$((n + 1))
	[ $((n % 6)) -ne 0 ] || wait
done <<<"$all"
wait
while read -r mode s task; do
	read -r rc took left <"$T/cells/$mode.$s.$task/result"
	is "$mode: $s to $task: nothing is left" "$left" 0
	is "$mode: $s to $task: exit code" "$rc" $(code $s)
	case $task:$s in
	*:KILL) ;;
	deaf:*) ok "$mode: $s to $task: after 5 s of grace ($took s)" $((took < 4 || took > 12));;
	*) ok "$mode: $s to $task: before the grace is over ($took s)" $((took > 4));;
	esac
done <<<"$all"
finish
