# Odd ends: the list inside a task and with --cache, a missing program, two runs at once, a full disk.
. "$abs_top_srcdir/tests/lib/functions.sh"
. "$abs_top_srcdir/tests/lib/tools.sh"
workspace
tools
file package.json '{"name":"r","scripts":{"hello":"print hello","list-tasks":"vt run","zz":"print zz"}}'
ln -s "$VT" node_modules/.bin/vt
terminal_options=(--when 'to run, type to search' '\r')
with TERM=xterm NO_COLOR=1 terminal vt run list-tasks
has "vt run inside a task is a task of its own" "$out" '$ vt run ⊘ cache disabled'
like "... with the list, from which one is run" "$out" '*Selected task: hello
*$ print hello ⊘ cache disabled
hello*'
is "... and its exit code" $rc 0
with TERM=xterm NO_COLOR=1 terminal vt run --cache
like "--cache without a task: the chosen one is cached" "$out" '*Selected task: hello
*$ print hello
hello*'
with TERM=xterm NO_COLOR=1 terminal vt run --cache
like "... the second time it hits" "$(printf '%s\n' "$out" | undated)" '*Selected task: hello
*$ print hello ◉ cache hit, replaying
hello

---
vt run: cache hit, <dur> saved.*'
terminal_options=()

pnpm a b
file packages/a/package.json '{"name":"a","scripts":{"x":"print a"}}'
file packages/b/package.json '{"name":"b","scripts":{"x":"no-such-program"}}'
capture vt run -r x
is "a program that is not there: nothing runs at all" "$rc:$out" 1:
has "... and says where it was looked for" "$err" "error: Failed to find executable no-such-program under cwd $W/packages/b"

file vite-task.json '{"tasks":{"t":{"command":"print at-once","input":[],"output":["dist/**"]}}}'
vt run t >/dev/null
for i in 1 2 3 4 5 6; do vt run t >"$T/at-once-$i" 2>&1 & done
wait
is "six hits at once" "$(cat "$T"/at-once-* | grep -c '◉ cache hit, replaying')" 6

# full and closed outputs
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
	isnt "$how: and it failed" "$(cat "$T/rc")" 0
	wait_gone "$(cat "$T/pids")"
	ok "$how: nothing of it is left" $?
done
capture vt run --cache one
{ vt run --cache one; echo $? >"$T/rc"; } | true
is "replaying to a reader that left is no failure" "$(cat "$T/rc")" 0

# our lines and those of tasks that have the terminal themselves come in order
file package.json '{"name":"r","scripts":{"mixed":"print 1 && echo 2 && print 3 && echo 4 && printf 5 && echo 6"}}'
for i in 1 2 3; do
	vt run mixed >"$T/mixed" 2>&1
	is "own lines and the tasks' in order ($i)" "$(sed 's/ ⊘.*//' "$T/mixed" | head -17)" '$ print 1
1

$ echo 2
2

$ print 3
3

$ echo 4
4

$ printf 5
5
$ echo 6
6'
done
finish
