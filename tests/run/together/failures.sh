# A task that fails, a runner that is killed or stopped, a store that goes away: nothing is lost, and no runner waits for ever.
. "${0%/*}/../../lib/functions.sh" || exit
. "${0%/*}/../../lib/stores.sh" || exit
. "${0%/*}/../../lib/together.sh" || exit
workspace
members
fresh() { : >"$T/ran"; rm -rf "$T/A" "$T/B" "$T/C" "$T"/at-* "$T"/go; redis main flushall >/dev/null; }
# task NAME LINE BODY: a cached task that adds a line to $T/ran and runs the body
task() { printf '"%s":{"command":"sh -c '"'"'echo %s >>%s; %s'"'"'","input":["in"]}' "$1" "$2" "$T/ran" "$3"; }

# a failure: both end with its status
for i in 1 2 3 4; do member p$i '' "$(task t p$i "touch $T/at-p$i; sleep 0.3")"; done
member p3 '' "$(task t p3 "sleep 0.2; exit 7")"
fresh
runners -r --together=fails --concurrency-limit 1 t -- A B
is "a task that fails: both runners end with its status" "$(rc_of A) $(rc_of B)" "7 7"
is "... it ran once" "$(grep -c p3 "$T/ran")" 1
is "... the other runner names it" "$(cat "$T/A.err" "$T/B.err" | sed -E 's#(runner [AB])/[0-9]+#\1#' | grep -cE '^vt run: p3#t failed on the runner [AB] \(exit code: 7\)$')" 1
fresh
runners -r --together=goes-on --continue --concurrency-limit 1 t -- A B
is "a task that fails, with --continue: both runners end with its status" "$(rc_of A) $(rc_of B)" "7 7"
is "... all other tasks run, once" "$(sort "$T/ran" | xargs)" "p1 p2 p3 p4"
# a runner that comes late hears of it while the other is known, and later finds out by itself
runner C -r --together=goes-on t; wait $!
is "a runner that comes late: ends the same way" "$(rc_of C)" 7

# a runner that is killed in the middle of a task
for i in 1 2; do member p$i '' "$(task t p$i "touch $T/at-p$i; while ! test -e $T/go; do sleep 0.05; done")"; done
rm -rf packages/p3 packages/p4
fresh
runner A -r --together=dies --concurrency-limit 1 t; a=$!
within 30 eval '[ -s "$T/ran" ]'
first=$(head -n 1 "$T/ran")
pid=$(pid_of A)
kill -KILL "$pid"; wait $a 2>/dev/null
touch "$T/go"
began=$SECONDS
runner B -r --together=dies --concurrency-limit 1 t; wait $!
is "a runner that was killed: its task is taken over" "$(rc_of B) $(grep -c "$first" "$T/ran")" "0 2"
ok "... when its lease has run out" "$((SECONDS - began > 90))"

# one that is stopped, and goes on later
fresh
runner A -r --together=stops --concurrency-limit 1 t; a=$!
within 30 eval '[ -s "$T/ran" ]'
pid=$(pid_of A)
kill -STOP "$pid"
touch "$T/go"
runner B -r --together=stops --concurrency-limit 1 t; wait $!
is "a runner that is stopped: not waited for" "$(rc_of B)" 0
kill -CONT "$pid"
wait $a
is "... and ends well when it goes on" "$(rc_of A)" 0

# tasks that must not run twice
member p1 '' "\"t\":{\"command\":\"sh -c 'echo p1 >>$T/ran; touch $T/at-p1; while ! test -e $T/go; do sleep 0.05; done'\",\"cache\":false}"
rm -rf packages/p2
fresh
runner A --together=once p1#t; a=$!
within 30 test -e "$T/at-p1"
kill -KILL "$(pid_of A)"; wait $a 2>/dev/null
touch "$T/go"
runner B --together=once p1#t; wait $!
is "an uncached task whose runner was lost: the run fails" "$(rc_of B) $(cat "$T/ran")" "1 p1"
like "... and the task is named" "$(cat "$T/B.err")" "vt run: the runner A/* was lost while it ran p1#t, which is not run twice*"
finish
