# Lines of cached tasks: the first time, again, and after a change.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
workspace
tools
hint='(Run `vt run --last-details` for full details)'
scripts() { file package.json "{\"name\":\"r\",\"scripts\":{$1}}"; }
run() { capture vt run --cache "$@"; out=$(printf '%s\n' "$out" | undated); }

scripts '"script1":"print hello","script2":"print hello"'
run script1
is "a new task shows only its command" "$out" '$ print hello
hello'
run script2
is "another task that runs the same: a hit" "$out" '$ print hello ◉ cache hit, replaying
hello

---
vt run: cache hit, <dur> saved.'
scripts '"script1":"print hello","script2":"print world"'
run script2
is "a changed command is the reason" "$out" '$ print world ○ cache miss: args changed, executing
world'

file foo.txt one
scripts '"script1":"print-file foo.txt","script2":"print-file foo.txt"'
run script1
run script2
is "shared input: a hit" "$(steps)" '$ print-file foo.txt ◉ cache hit, replaying'
file foo.txt two
run script1
is "shared input: changed" "$out" '$ print-file foo.txt ○ cache miss: '"'foo.txt' modified"', executing
two'
run script2
is "shared input: the other one hits again" "$(printf '%s\n' "$out" | head -2)" '$ print-file foo.txt ◉ cache hit, replaying
two'

scripts '"t":"print foo && print bar"'
run t
is "two pieces: both miss" "$out" '$ print foo
foo

$ print bar
bar

---
vt run: 0/2 cache hit (0%). '"$hint"
scripts '"t":"print baz && print bar"'
run t
is "the first changed" "$out" '$ print baz ○ cache miss: args changed, executing
baz

$ print bar ◉ cache hit, replaying
bar

---
vt run: 1/2 cache hit (50%), <dur> saved. '"$hint"
scripts '"t":"print bar"'
run t
is "the first is gone" "$(steps)" '$ print bar ◉ cache hit, replaying'

scripts '"bad":"fail 3","say":"print"'
for i in 1 2; do
	run bad
	is "a failing task is run every time ($i)" "$rc:$out" '3:$ fail 3'
done
run say a
run say b
is "other arguments: their own history" "$(steps)" '$ print b'
run say a
is "the first ones hit" "$(steps)" '$ print a ◉ cache hit, replaying'
run say b
is "the second ones hit" "$(steps)" '$ print b ◉ cache hit, replaying'
capture vt cache clean
is "vt cache clean says nothing" "$rc$out$err" 0
run say a
is "after it nothing is known, no reason is told" "$(steps)" '$ print a'

file vite-task.json '{"tasks":{"e":{"command":"print-env FOO","env":["FOO"]},"off":{"command":"print off","cache":false}}}'
with FOO=1 capture vt run e
with FOO=2 capture vt run e
is "a changed variable is the reason" "$out" '$ print-env FOO ○ cache miss: env '"'FOO'"' changed, executing
2'
for v in 1 2; do
	with FOO=$v capture vt run e
	is "flipping it back hits ($v)" "$(printf '%s\n' "$out" | head -2)" '$ print-env FOO ◉ cache hit, replaying
'$v
done
for i in 1 2; do
	capture vt run off
	is "cache: false ($i)" "$out" '$ print off ⊘ cache disabled
off'
done
run -v say a
has "-v: a hit" "$out" '  [1] r#say: $ print a ✓
      → Cache hit - output replayed - '
has "-v: its figures" "$out" 'Statistics:   1 task • 1 cache hit • 0 cache misses
Performance:  100% cache hit rate'
vt cache clean
run -v say a
has "-v: a miss" "$out" 'Statistics:   1 task • 0 cache hits • 1 cache miss
Performance:  0% cache hit rate

Task Details:
────────────────────────────────────────────────
  [1] r#say: $ print a ✓
      → Cache miss: no previous cache entry found
━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━'
said=$(printf '%s\n' "$out" | sed -n '/━/,$p')
capture vt run --last-details
is "--last-details: the same" "$(printf '%s\n' "$out" | sed -n '/━/,$p')" "$said"
finish
