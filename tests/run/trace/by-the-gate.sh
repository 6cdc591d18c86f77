# A program with the shim looks at files without asking the tracer: it gets the same answers,
# and the trace tells the same, in the same order.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/run/trace/lib.sh"
LOOKS=$abs_top_builddir/tests/plugins/trace-looks
workspace
[ "$(uname -m)" = x86_64 ] || skip_all "the gate is for x86-64"
world() { cd "$W" && rm -rf d pipe; mkdir d; echo x >a; echo x >by-handler; ln -sfn a l; echo x >d/b; mkfifo pipe; }
asked() {                            # asked COMMAND...: $calls, how many calls waited for the tracer; $written, how many did not
	local line
	line=$(base_env TRACE_HOST_DEBUG=1 timeout 100 "$HOST" ${HOST_OPTIONS-} -r "$PWD" -o "$T/notes" "$TRACER" "$@" 2>&1 >/dev/null </dev/null | grep '^traced:')
	calls=$(printf '%s\n' "$line" | sed 's/traced: \([0-9]*\) .*/\1/') written=$(printf '%s\n' "$line" | sed 's/.*traced, \([0-9]*\) written.*/\1/')
}

told() { printf '%s\n%s\n' "${end//process */}" "$seen" | grep -v /proc/self/exe | sort -u; }   # one for each run: no numbers of processes

# without the pipe: the thread that waits for it may be cancelled before it has asked for it
opened() { printf '%s\n' "$seen" | grep -v '^READ	[^	]*	pipe$' | sort; }
world; capture "$LOOKS" same; is "untraced: each function answers" "$rc $out" "0 "
world; traced "$LOOKS" same; is "by the gate: each function answers the same" "$rc $(cat "$T/out")" "0 "; is "by the gate: the trace is complete" "$end" complete
by_gate=$(opened)
world; HOST_OPTIONS=-s; traced "$LOOKS" same; HOST_OPTIONS=
is "without the shim: each function answers the same" "$rc $(cat "$T/out")" "0 "
is "by the gate and without the shim: the same trace" "$by_gate" "$(opened)"

world; capture "$LOOKS" real; untraced=$out
world; traced "$LOOKS" real; is "real paths: the same answers" "$(cat "$T/out")" "$untraced"; by_gate=$(told)
world; HOST_OPTIONS=-s; traced "$LOOKS" real; HOST_OPTIONS=
is "real paths: each part of them is in the trace" "$by_gate" "$(told)"

# changes: in the workspace, and in a folder outside
CHANGES=$abs_top_builddir/tests/plugins/trace-changes
OUTSIDE=$T/outside
before() {                           # what is there before: in the workspace and outside
	local d
	for d in "$W" "$OUTSIDE"; do
		rm -rf "$d"; mkdir -p "$d/folder" "$d/folder2" "$d/tidied"; cd "$d" || exit
		for f in old old2 old3 old4 old5; do echo $f >$f; done
		ln -s old old-link; ln -s made to-nothing; ln -s nothing to-none
	done
	cd "$W" || exit
}
left() { (cd "$W" && find . "$OUTSIDE" -mindepth 1 -printf '%p %y %m %s %l\n' | sort); }
before; capture "$CHANGES" "$OUTSIDE"; untraced=$out left=$(left)
before; traced "$CHANGES" "$OUTSIDE"
is "functions that change: the same answers" "$rc $(cat "$T/out")" "0 $untraced"
is "... the same files afterwards" "$(left)" "$left"
by_gate=$(told)
before; HOST_OPTIONS=-s; traced "$CHANGES" "$OUTSIDE"; HOST_OPTIONS=
# of a folder that remove() is given, the C library first tries whether it is a file
is "... the same trace with and without the shim" "$by_gate" "$(told | grep -v '^WRITE	rl	folder2$')"
before; asked "$CHANGES" "$OUTSIDE" 3000
ok "3000 files made, changed and moved: few calls wait ($calls), all are written down ($written)" "$((calls > 1500 || written < 7500))"
before; traced "$CHANGES" "$OUTSIDE" 3000
is "... each change is in the trace" "$(printf '%s\n' "$seen" | grep -c '^RENAME	[^	]*	folder/m[0-9]*.tmp	folder/m[0-9]*$')" 3000

TEMPORARY=$abs_top_builddir/tests/plugins/trace-temporary
world; capture "$TEMPORARY"; untraced=$out; is "temporary names without tracing: made" "$rc" 0
rm -f own link; world; traced "$TEMPORARY"; is "temporary names by the gate: the same output" "$rc $(cat "$T/out")" "0 $untraced"; is "... the trace is complete" "$end" complete
rm -f own link; HOST_OPTIONS=-s; traced "$TEMPORARY"; HOST_OPTIONS=; is "temporary names without the shim: the same output" "$rc $(cat "$T/out")" "0 $untraced"
rm -rf "${W:?}"/*

world; asked "$LOOKS" many
ok "60000 names: few calls wait ($calls), all are written down ($written)" "$((calls > 6000 || written < 50000))"
world; traced "$LOOKS" many; well "60000 names by three threads"
is "... each name is in the trace" "$(printf '%s\n' "$seen" | grep -c "^PROBE	[^	]*	d/[pqr][0-9]*$")" 60000

world; traced "$LOOKS" killed; well "processes that are killed while they look"
is "... the names looked for afterwards are in the trace" "$(printf '%s\n' "$seen" | grep -c "^PROBE	[^	]*	d/after[0-9]*$")" 20000

world; for i in $(seq 0 99); do echo x >d/read$i; done
traced "$LOOKS" order; well "reading and writing in turn"
missing=
for i in $(seq 0 99); do
	o="$(ops "d/read$i")/$(ops "d/written$i")"
	[ "$o" = "READ WRITE/WRITE PROBE READ" ] || missing+=" $i:$o"
done
is "reading and writing in turn: the trace has the same order" "$missing" ""

world; export KNOWN=$PWD/a; traced env KNOWN="$PWD/a" "$LOOKS" stays
like "a background process that looked at files: the trace is incomplete, and says why" "$end" "incomplete*is still running"

world; traced "$LOOKS" damages
is "a program that writes into the shared memory: ends well" "$rc $(cat "$T/out")" "0 "
like "... the trace is incomplete, and says why" "$end" "incomplete*wrote into the memory that it shares with vt"

world; capture "$LOOKS" forbidden; untraced="$rc $out"
world; traced "$LOOKS" forbidden; is "a program with a filter of its own: is not killed" "$rc $(cat "$T/out")" "$untraced"
is "... and ends well without vt" "$untraced" "0 "

# programs that others look into
if command -v valgrind >/dev/null; then
	world; traced valgrind -q --error-exitcode=9 "$LOOKS" order; well "a program under valgrind"
else skip "valgrind" "it is not installed"; fi
if command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null; then
	world; traced strace -f -o "$T/log" "$LOOKS" many; well "a program under strace"
else skip "strace" "it does not work here"; fi
if [ "$(id -u)" = 0 ] && command -v unshare >/dev/null && unshare -m true 2>/dev/null; then
	mkdir -p other; echo other >other/a
	file mounts.sh 'for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do [ -f a ] && [ -f none$i ]; done
unshare -m sh -c "mount --bind other d; for i in 1 2 3; do cat d/a; [ -f d/late\$i ]; done"; [ -f d/last ]'
	world; traced bash mounts.sh
	is "a mount made while the task runs: the program works" "$(cat "$T/out")" $'other\nother\nother'
	by_gate=$(told)
	world; HOST_OPTIONS=-s; traced bash mounts.sh; HOST_OPTIONS=
	is "... the trace is the one without the shim" "$by_gate" "$(told)"
	was "... names before and after it are looked for" PROBE none20 d/last
else skip "mounts" "none can be made here"; fi
if command -v bwrap >/dev/null && bwrap --bind / / true 2>/dev/null; then
	world; traced bwrap --ro-bind / / --bind "$PWD" "$PWD" --chdir "$PWD" "$LOOKS" order
	is "a sandbox without /proc: the program works" "$rc $err" "0 "
else skip "in a sandbox" "bubblewrap does not work here"; fi
finish
