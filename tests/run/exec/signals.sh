# Signals to the runner alone: passed on to every descendant, grace, kill.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
workspace
tools
# the members of a family say that they are ready in a file of their own; the family does when all are
tool family 'export ALL="$READY" READY="$READY.own"; catch TERM 0 & catch TERM 0 & echo $! >"$PIDS"; trap "echo parent; exit 0" TERM; until [ "$(grep -c . "$READY" 2>/dev/null)" = 2 ]; do sleep 0.02; done; echo ready >>"$ALL"; wait; wait'
tool old-family 'trap "" INT TERM HUP; export ALL="$READY" READY="$READY.own"; stubborn & echo $! >"$PIDS"; until [ -s "$READY" ]; do sleep 0.02; done; echo ready >>"$ALL"; wait'
file package.json '{"name":"r","scripts":{"term":"catch TERM 0 && print never","hup":"catch HUP 0","int":"catch INT 0","die":"catch USR1 0","family":"family","old":"old-family"}}'
# signal SIGNAL TASK [again]: runs the task, signals the runner when it is ready (again after 1 s);
# $rc, $out, $took (ms from the signal)
signal() {
	: >"$T/ready"; rm -f "$T/ready.own"
	with READY="$T/ready" PIDS="$T/pids" base_env "$abs_top_builddir/tests/lib/send-signal" "$T/ready" "$1" "${3-}" "$VT" run --log=labeled "$2" </dev/null >"$T/out" 2>"$T/err"
	rc=$?; took=$(cat "$T/ready.took"); out=$(cat "$T/out"); err=$(cat "$T/err")
}
for mode in "TERM term 143" "HUP hup 129" "INT int 0"; do
	set -- $mode
	once_below 4500 signal $1 $2
	ok "$1: vt ends without a grace ($took ms)" $?
	has "$1 reaches the task" "$out" "$1 received"
	is "$1: exit code" $rc $3
	hasnt "$1: no later command starts" "$out" "print never"
done
signal INT die
is "a task that dies of INT: 130" $rc 130
signal TERM family
is "TERM reaches every descendant" "$(printf '%s\n' "$out" | grep -c 'TERM received') $rc" "2 143"
for s in "TERM 143" "INT 130"; do
	set -- $s
	signal $1 old
	ok "$1: after 5 s of grace ($took ms) all are killed" $((took < 4900))
	is "$1: exit code" $rc $2
	wait_gone "$(cat "$T/pids")"
	ok "$1: the grandchild is killed" $?
done
once_below 3900 signal TERM old again
ok "a second signal ends the grace ($took ms)" $?
is "... with the exit code of the signal" $rc 143
signal KILL old
is "vt itself is killed by KILL" $rc 137
wait_gone "$(cat "$T/pids")"
ok "... and the task with it" $?
finish
