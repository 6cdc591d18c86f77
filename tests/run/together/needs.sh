# Tasks that need each other, over two runners: shared results are fetched, other tasks run where they are needed.
. "${0%/*}/../../lib/functions.sh" || exit
. "${0%/*}/../../lib/stores.sh" || exit
. "${0%/*}/../../lib/together.sh" || exit
workspace
members
# lib -> app1..4; each reads the output of lib, and waits until three have begun: more than the two slots of one runner
member lib '' "\"build\":{\"command\":\"sh -c 'sleep 0.3; mkdir -p dist; cat in >dist/out; echo lib >>$T/ran'\",\"input\":[\"in\"],\"output\":[\"dist/**\"]}"
for i in 1 2 3 4; do
	member app$i '"lib":"*"' "\"build\":{\"command\":\"sh -c 'echo app$i >>$T/begun; until [ \$(wc -l <$T/begun) -ge 3 ]; do sleep 0.05; done; mkdir -p dist; cat ../lib/dist/out in >dist/out; echo app$i >>$T/ran'\",\"input\":[\"in\",{\"pattern\":\"packages/lib/dist/**\",\"base\":\"workspace\"}],\"output\":[\"dist/**\"]}"
done
: >"$T/ran"
runners -r --together=first --concurrency-limit 2 build -- A B
is "tasks that need each other: both runners succeed" "$(rc_of A)$(rc_of B)" 00
is "... each task ran once" "$(sort "$T/ran" | xargs)" "app1 app2 app3 app4 lib"
is "... outputs that others needed were fetched" "$(cat "$T"/A/packages/lib/dist/out) $(cat "$T"/B/packages/lib/dist/out)" "in lib in lib"
a=$(here_of A) b=$(here_of B)
is "... both together ran all tasks" "$((a + b))" 5
is "... outputs that no task needed stay where they were made" "$(ls -d "$T"/[AB]/packages/app*/dist | wc -l)" 4
: >"$T/ran"; rm -f "$T/begun"
rm -rf "$T/A" "$T/B"; redis main flushall >/dev/null
(clone B); runner B -r --together=second --concurrency-limit 2 build; b=$!
(clone A); runner A -r --together=second --together-index 0 --concurrency-limit 2 build; wait $! $b
is "--together-index 0: the run succeeds" "$(rc_of A)$(rc_of B) $(sort "$T/ran" | xargs)" "00 app1 app2 app3 app4 lib"
is "... and has all outputs in the end" "$(cat "$T"/A/packages/app*/dist/out | grep -c "in app")" 4

# a task that is not cached, and is needed
member lib '' "\"build\":{\"command\":\"sh -c 'sleep 0.2; mkdir -p dist; cat in >dist/out; echo lib >>$T/ran'\",\"cache\":false}"
: >"$T/ran"; rm -f "$T/begun"; rm -rf "$T/A" "$T/B"
runners -r --together=third --concurrency-limit 2 build -- A B
is "an uncached task that is needed: runs where it is needed" "$(rc_of A)$(rc_of B) $(sort "$T/ran" | xargs)" "00 app1 app2 app3 app4 lib lib"
# effects that are not declared, and are needed
member lib '' "\"build\":{\"command\":\"sh -c 'sleep 0.2; mkdir -p dist; cat in >dist/out; echo lib >>$T/ran'\",\"output\":[]}"
: >"$T/ran"; rm -f "$T/begun"; rm -rf "$T/A" "$T/B"; redis main flushall >/dev/null
runners -r --together=fourth --concurrency-limit 2 build -- A B
is "a task that leaves undeclared files: runs where it is needed" "$(rc_of A)$(rc_of B) $(sort "$T/ran" | xargs)" "00 app1 app2 app3 app4 lib lib"
# ... and are not needed
for i in 1 2 3 4; do
	member app$i '' "\"t\":{\"command\":\"sh -c 'sleep 0.3; echo x >report; echo app$i >>$T/ran'\",\"output\":[]},\"deploy\":{\"command\":\"sh -c 'sleep 0.3; echo app$i >>$T/ran'\",\"cache\":false}"
done
for task in t deploy; do
	: >"$T/ran"; rm -rf "$T/A" "$T/B"
	runners -r --together=$task --concurrency-limit 1 $task -- A B
	is "a task that no other needs: runs once ($task)" "$(rc_of A)$(rc_of B) $(sort "$T/ran" | xargs)" "00 app1 app2 app3 app4"
done
# nested runs
for i in 1 2 3 4; do
	member app$i '' "\"t\":{\"command\":\"sh -c 'sleep 0.3; echo app$i >>$T/ran'\",\"input\":[\"in\"]},\"deploy\":{\"command\":\"sh -c 'sleep 0.3; echo app$i >>$T/ran'\",\"cache\":false}"
done
file package.json '{"name":"root","workspaces":["packages/*"],"scripts":{"ci":"vt run -r t && echo between && vt run -r deploy"}}'
: >"$T/ran"; rm -rf "$T/A" "$T/B"; redis main flushall >/dev/null
runners --together=nested --concurrency-limit 1 ci -- A B
is "tasks of nested runs: are shared" "$(rc_of A)$(rc_of B) $(sort "$T/ran" | xargs)" "00 app1 app1 app2 app2 app3 app3 app4 app4"
a=$(here_of A) b=$(here_of B)
is "... and are counted" "$((a + b)) $(shared_of A | cut -d' ' -f3)" "8 8"
# a chain of commands
member app1 '' "\"t\":{\"command\":[\"sh -c 'sleep 0.3; mkdir -p dist; cat in >dist/a; echo one >>$T/ran'\",\"sh -c 'cat dist/a >dist/b; echo two >>$T/ran'\"],\"input\":[\"in\"],\"output\":[\"dist/**\"]}"
: >"$T/ran"; rm -rf "$T/A" "$T/B"
(clone B); runner B --together=chain app1#t; b=$!
(clone A); runner A --together=chain --together-index 0 app1#t; wait $! $b
is "a chain of commands: is one task" "$(rc_of A)$(rc_of B) $(xargs <"$T/ran") $(cat "$T/A/packages/app1/dist/b")" "00 one two in app1"
# --force
: >"$T/ran"
runners --together=forced --together-index 0 --force app1#t -- A B
is "--force: runs a task once more, on one runner" "$(rc_of A)$(rc_of B) $(xargs <"$T/ran")" "00 one two"
# children know nothing of it
member app1 '' "\"t\":{\"command\":\"sh -c 'env >$T/env; sleep 0.1'\",\"cache\":false}"
rm -rf "$T/A"
runners --together=children app1#t -- A
is "--together: not handed to child processes" "$(grep -cE -- '^[^=]*(together|TOGETHER)|--together' "$T/env")" 0
finish
