# Without its supervisor the runner stops: one error, nothing stored, nothing left behind.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
workspace
tools
# the tools end with an exec: no shell stays that could report the end of its child
tool die "echo \$\$ >$T/pids; kill -KILL \$(ps -o ppid= -p \$\$); exec sleep 300"
tool die-all "echo \$\$ >$T/pids; p=\$(ps -o ppid= -p \$\$); kill -KILL \$(ps -o ppid= -p \$p); exec sleep 300"
requires ps
file package.json '{"name":"r","scripts":{"die":"die","all":"die-all"}}'
for t in die all; do
	start=$SECONDS
	capture vt run --cache $t
	is "$t: exit code" $rc 1
	is "$t: one error" "$err" "error: the supervisor of the tasks died; the tasks that were running have been ended"
	ok "$t: long before the task would have ended" $((SECONDS - start > 150))
	wait_gone "$(cat "$T/pids" 2>/dev/null || echo 999999)"
	ok "$t: the task is gone" $?
done
finish
