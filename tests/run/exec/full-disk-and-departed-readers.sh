# vt's output goes to a full disk, or to a reader that has left: a task fails, a hit does not.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
workspace
tools
file package.json '{"name":"r","scripts":{"many":"many","one":"print one","hang":"hang"}}'
tool many 'i=0; while [ $i -lt 20000 ]; do echo line-$i; i=$((i+1)); done'
tool hang "echo \$\$ >$T/pids; echo first; i=0; while [ \$i -lt 3000 ]; do echo more; sleep 0.1; i=\$((i+1)); done"
for how in --cache --log=labeled --log=grouped; do
	vt run $how many >/dev/full 2>"$T/err"
	is "$how: a full disk fails the task" $? 1
	rm -rf .vt
done
vt run --cache many >/dev/full 2>/dev/null
capture vt run --cache many
hasnt "... and what it printed is not kept" "$out" "◉"
capture vt run --cache many
has "... but afterwards it is" "$out" "◉"
vt run --cache many >/dev/full
is "replaying onto a full disk is no failure" $? 0
for how in --cache --log=labeled; do
	start=$SECONDS
	{ vt run $how hang 2>/dev/null; echo $? >"$T/rc"; } | head -2 >/dev/null
	ok "$how: a reader that left ends the task" $((SECONDS - start > 150))
	isnt "$how: ... the run failed" "$(cat "$T/rc")" 0
	wait_gone "$(cat "$T/pids")"
	ok "$how: ... no process of it is left" $?
done
capture vt run --cache one
{ vt run --cache one; echo $? >"$T/rc"; } | true
is "replaying to a reader that left is no failure" "$(cat "$T/rc")" 0
finish
