# Summaries of several tasks: misses, hits, failures; in short, in full, and again later.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
workspace
pnpm a b
tools
file vite-task.json '{"cache":true}'
for p in a b; do file packages/$p/package.json "{\"name\":\"@t/$p\",\"scripts\":{\"one\":\"print $p\",\"two\":\"print x && echo done\",\"half\":\"printf foo\"}}"; done
file packages/b/package.json '{"name":"@t/b","dependencies":{"@t/a":"workspace:*"},"scripts":{"one":"print b","two":"fail 3"}}'
hint='(Run `vt run --last-details` for full details)'
run() { capture vt run "$@"; out=$(printf '%s\n' "$out" | undated); }
heavy='━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━'
head="
$heavy
    vt Task Runner • Execution Summary
$heavy
"
dots='  ·······················································'
thin='────────────────────────────────────────────────'
run -r one
is "all miss" "$out" "~/packages/a\$ print a
a

~/packages/b\$ print b
b

---
vt run: 0/2 cache hit (0%). $hint"
run -r one
is "all hit" "$out" "~/packages/a\$ print a ◉ cache hit, replaying
a

~/packages/b\$ print b ◉ cache hit, replaying
b

---
vt run: 2/2 cache hit (100%), <dur> saved. $hint"
hits="$head
Statistics:   2 tasks • 2 cache hits • 0 cache misses
Performance:  100% cache hit rate, <dur> saved in total

Task Details:
$thin
  [1] @t/a#one: ~/packages/a\$ print a ✓
      → Cache hit - output replayed - <dur> saved
$dots
  [2] @t/b#one: ~/packages/b\$ print b ✓
      → Cache hit - output replayed - <dur> saved
$heavy"
run -v -r one
is "all hit, -v" "$(printf '%s\n' "$out" | sed 1,6d)" "$hits"
run --last-details
is "... --last-details shows the same" "$rc:$out" "0:$hits"
vt cache clean
misses="$head
Statistics:   2 tasks • 0 cache hits • 2 cache misses
Performance:  0% cache hit rate

Task Details:
$thin
  [1] @t/a#one: ~/packages/a\$ print a ✓
      → Cache miss: no previous cache entry found
$dots
  [2] @t/b#one: ~/packages/b\$ print b ✓
      → Cache miss: no previous cache entry found
$heavy"
run -v -r one
is "all miss, -v" "$(printf '%s\n' "$out" | sed 1,6d)" "$misses"
run --last-details
is "... and later" "$rc:$out" "0:$misses"
run -r two
is "a failure among them" "$rc:$out" "3:~/packages/a\$ print x
x

~/packages/a\$ echo done ⊘ cache disabled
done

~/packages/b\$ fail 3

---
vt run: 0/3 cache hit (0%), 1 failed. $hint
✗ @t/b#two failed first (exit code: 3)"
run --last-details
is "in full: builtins, figures, its code" "$rc:$out" "3:$head
Statistics:   3 tasks • 0 cache hits • 2 cache misses • 1 cache disabled • 1 failed
Performance:  0% cache hit rate

Task Details:
$thin
  [1] @t/a#two: ~/packages/a\$ print x ✓
      → Cache miss: no previous cache entry found
$dots
  [2] @t/a#two: ~/packages/a\$ echo done ✓
      → Cache disabled for built-in command
$dots
  [3] @t/b#two: ~/packages/b\$ fail 3 ✗ (exit code: 3)
      → Cache miss: no previous cache entry found
$heavy"
cd packages/a
run -v one
has "one hit, -v" "$out" "Statistics:   1 task • 1 cache hit • 0 cache misses
Performance:  100% cache hit rate"
run -vv one
has "-vv: one hit, its inputs and outputs are listed below" "$out" "      → Cache hit - output replayed - <dur> saved"
is "... more v's mean the same" "$rc $(vt run -vvv one | undated)" "0 $out"
run half; run --log=labeled half
is "no newline at the end: no blank line before the summary, labeled" "$out" "[@t/a#half] ~/packages/a\$ printf foo ◉ cache hit, replaying
[@t/a#half] foo
---
vt run: cache hit, <dur> saved."
run --log=grouped half
is "... grouped" "$out" "[@t/a#half] ~/packages/a\$ printf foo ◉ cache hit, replaying
── [@t/a#half] ──
foo
---
vt run: cache hit, <dur> saved."
# details of what changed
cd ../..
file vite-task.json '{"tasks":{"t":{"command":"print a","env":["A","B"],"input":[]}}}'
with A=1 capture vt run t
file vite-task.json '{"tasks":{"t":{"command":"print b","env":["A","B"],"input":[]}}}'
with A=2 B=1 capture vt run -v t
has "several reasons are joined" "$out" "      → Cache miss: env 'A' changed; env 'B' added; args changed"
file vite-task.json '{"tasks":{"t":{"command":"print b","env":["A","B"],"input":[],"output":["o/**"]}}}'
with A=2 B=1 capture vt run -v t
has "another \`output\`: on the command line" "$out" "○ cache miss: output configuration changed, executing"
has "... and in the details, where it shares a name" "$out" "      → Cache miss: input configuration changed"
file vite-task.json '{"tasks":{"t":{"command":"print-file f g","input":["f","g","h"]}}}'
file f 1; file g 1; vt run t >/dev/null
file f 2; file g 2; file h 1
capture vt run -v t
has "files, each on its line" "$out" "      → Cache miss: 'f' modified
                    'g' modified
                    'h' added in workspace root"
finish
