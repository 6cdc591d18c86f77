# Exit codes of vt: the tasks' own code, or 1, or 128 + the signal.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
workspace
pnpm a b
tools
file packages/a/package.json '{"name":"a","scripts":{"fail":"fail 42","check":"fail 1","chain":"print one && fail 3 && print two","abort":"sh -c \"kill -ABRT $$\"","ok":"true"}}'
file packages/b/package.json '{"name":"b","dependencies":{"a":"workspace:*"},"scripts":{"fail":"print never","check":"print never"}}'

cd packages/a
capture vt run fail
is "one failing task: its own code" $rc 42
is "one failing task: only its command line" "$out" '~/packages/a$ fail 42 ⊘ cache disabled'
is "one failing task: nothing on stderr" "$err" ""
capture vt run chain
is "a failing piece: its own code" $rc 3
is "a failing piece: the next one is not run" "$(steps)" '~/packages/a$ print one ⊘ cache disabled
~/packages/a$ fail 3 ⊘ cache disabled'
capture vt run abort
is "a task that died of SIGABRT" $rc 134
capture vt run ok
is "a good task" $rc 0
cd ../..
capture vt run -r fail
is "fast-fail: the code of the only one that failed" $rc 42
is "fast-fail: what waits for it is never shown" "$(steps)" '~/packages/a$ fail 42 ⊘ cache disabled'
hasnt "fast-fail: a single executed task has no summary" "$out" "---"
cd packages/b
capture vt run -t check
is "a failing dependency" $rc 1
is "a failing dependency: only it is shown" "$(steps)" '~/packages/a$ fail 1 ⊘ cache disabled'
finish
