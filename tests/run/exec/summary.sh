# The end of a run, and --last-details.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
workspace
pnpm a b
tools
for p in a b; do file packages/$p/package.json "{\"name\":\"@t/$p\",\"scripts\":{\"one\":\"print x\",\"bad\":\"fail 4\"}}"; done
capture vt run --last-details
is "before anything ran" "$rc:$out:$err" "1::No previous run summary found. Run a task first to generate a summary."
gone "looking makes nothing" .vt
cd packages/a
capture vt run one
is "a single task has none" "$out" '~/packages/a$ print x ⊘ cache disabled
x'
capture vt run -v one
full='
━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━
    vt Task Runner • Execution Summary
━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━

Statistics:   1 task • 0 cache hits • 0 cache misses • 1 cache disabled
Performance:  0% cache hit rate

Task Details:
────────────────────────────────────────────────
  [1] @t/a#one: ~/packages/a$ print x ✓
      → Cache disabled in task configuration
━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━'
is "-v: the full one, after two blank lines" "$out" "~/packages/a\$ print x ⊘ cache disabled
x

$full"
capture vt run one
capture vt run --last-details
is "--last-details: as -v would have shown it" "$rc:$out" "0:$full"
cd ../..
capture vt run --concurrency-limit 1 -r bad
capture vt run --last-details
is "--last-details has the run's exit code" $rc 4
has "... and its tasks" "$out" '  [1] @t/a#bad: ~/packages/a$ fail 4 ✗ (exit code: 4)'
echo '{"version":99}' >.vt/last-summary
capture vt run --last-details
is "of another version" "$rc:$out:$err" "1::Summary data was saved by a different version of vt and cannot be read. Run a task to generate a new summary."
capture vt run --filter nobody one
is "nothing selected: no summary" "$rc:$out" "0:"
capture vt run --last-details one
is "with anything else: usage" $rc 2
finish
