# Results that are not stored, and where vt says so.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
workspace
pnpm a b c
tools
tool rewrite 'cat "$1" >/dev/null; echo x >>"$1"'
tool hold "sleep 300 & echo \$! >$T/pids; echo held"
file vite-task.json '{"cache":true}'
for p in a b c; do file packages/$p/package.json "{\"name\":\"@t/$p\",\"scripts\":{\"task\":\"rewrite data.txt\",\"dev\":\"catch INT 0\",\"x\":\"barrier $T/d $p 2 hang\"}}"; file packages/$p/data.txt x; done
file packages/c/package.json '{"name":"@t/c","scripts":{"task":"print fine"}}'
file packages/b/package.json "{\"name\":\"@t/b\",\"scripts\":{\"task\":\"rewrite data.txt\",\"x\":\"barrier $T/d b 2 exit 1\"}}"
# theirs N: writes data.txt as the user, since after a run the file is the task's own product
theirs() { for p in a b; do echo "x$1" >"$W/packages/$p/data.txt"; done; }
hint='(Run `vt run --last-details` for full details)'
cd packages/a
for i in 1 2; do
	theirs $i
	capture vt run task
	reason=
	[ $i = 1 ] || reason=" ○ cache miss: the last run was not kept: read and wrote 'packages/a/data.txt', executing"
	is "read and wrote ($i)" "$out" '~/packages/a$ rewrite data.txt'"$reason"'

---
vt run: @t/a#task not cached because it modified its input. '"$hint"
done
theirs 3
capture vt run -v task
has "-v: the detail line of the task" "$out" "  [1] @t/a#task: ~/packages/a\$ rewrite data.txt ✓
      → Not cached: read and wrote 'packages/a/data.txt'"
cd ../..
theirs 4
capture vt run --log=interleaved -r task
has "several: the one that was over first" "${out/@t\/[ab]#task (and/FIRST (and}" 'vt run: 0/3 cache hit (0%). FIRST (and 1 more) not cached because they modified their inputs. '"$hint"
theirs 5
capture vt run --log=interleaved -r task
like "again: one of them hits" "$out" '*vt run: 1/3 cache hit (33%), *s saved. @t/[ab]#task (and 1 more) not cached because*'
terminal_options=(--when ready '\x03')
cd packages/a
for i in 1 2; do
	terminal vt run dev
	is "interrupted, even if it exits 0 ($i)" "$rc:$out" '0:~/packages/a$ catch INT 0
ready
^CINT received'
done
cd ../..
terminal_options=()
for i in 1 2; do
	rm -rf "$T/d"
	capture vt run --log=interleaved --filter @t/a --filter @t/b x
	is "fast-fail: both are run again ($i)" "$rc:$(steps | sed 's/ [^ ]*vt-test[^ ]*//')" '1:~/packages/a$ barrier a 2 hang
~/packages/b$ barrier b 2 exit 1'
done
file packages/c/package.json '{"name":"@t/c","scripts":{"held":"hold"}}'
cd packages/c
with PIDS="$T/pids" capture vt run -v held
kill "$(cat "$T/pids")"
has "a pipe that was held" "$out" '      → Not cached: '
hasnt "... is no matter of a miss" "$out" 'Cache miss:'
capture vt run held
kill "$(cat "$T/pids")" 2>/dev/null
hasnt "... and was not stored" "$out" '◉'
finish
