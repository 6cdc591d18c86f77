# The store of leases: there is none, it goes away in the middle, it hangs: each runner goes on alone, and says so once.
. "${0%/*}/../../lib/functions.sh" || exit
. "${0%/*}/../../lib/stores.sh" || exit
. "${0%/*}/../../lib/together.sh" || exit
workspace
file package.json '{"name":"root","workspaces":["packages/*"]}'
for i in 1 2 3 4 5 6; do
	file packages/p$i/package.json "{\"name\":\"p$i\"}"
	file packages/p$i/in "in $i"
	file packages/p$i/vite-task.json "{\"tasks\":{\"t\":{\"command\":\"sh -c 'echo p$i >>$T/ran; sleep 0.3; cat in >out'\",\"input\":[\"in\"],\"output\":[\"out\"]}}}"
done
project store-redis ''
fresh() { : >"$T/ran"; rm -rf "$T/A" "$T/B"; }
alone() { grep -c -- 'warning: --together: this runner works alone' "$T/$1.err"; }
all() { printf 'p%d\n' 1 2 3 4 5 6; }

# no name
runner A -r t --together; wait $!
capture vt run --together p1#t
is "no CI system and no name: an error" "$rc $out$err" "1 error: --together does not know which run this is: no variable of a CI system says it; give the same name on all runners, such as --together=nightly-42"

# no store, and one that gives no leases
fresh; mkdir -p "$T/home/.config/vt"; chmod 700 "$T/home/.config/vt"
file vite-task.json '{"tasks":{}}'
runners -r --together=none t -- A
is "no far store: the run does all" "$(rc_of A) $(sort "$T/ran" | xargs) $(alone A)" "0 p1 p2 p3 p4 p5 p6 1"
has "... and a line tells why" "$(cat "$T/A.err")" "no far store can be used"
if ls "$abs_top_builddir"/plugins/store-folder/.libs/*.so >/dev/null 2>&1; then
	project store-folder ''
	mkdir -m 700 "$T/folder"
	team "\"dir\": \"$T/folder\""
	fresh
	runners -r --together=folder t -- A
	is "a store without leases: the run does all" "$(rc_of A) $(sort "$T/ran" | xargs) $(alone A)" "0 p1 p2 p3 p4 p5 p6 1"
	has "... and a line tells why" "$(cat "$T/A.err")" "no store of the configuration gives leases"
else
	skip "a store without leases: the run does all" "store-folder is left out of this build"
	skip "... and a line tells why" "store-folder is left out of this build"
fi
project store-redis ''
team "\"url\": \"unix://$T/nowhere.sock\""
fresh
runners -r --together=nowhere t -- A
is "a server that is not there: the run does all" "$(rc_of A) $(sort "$T/ran" | xargs) $(alone A)" "0 p1 p2 p3 p4 p5 p6 1"

# the store goes away at some moment
seed
for round in 1 2 3; do
	redis_starts main$round
	team "\"url\": \"unix://$T/main$round.sock\""
	fresh
	(clone A) && (clone B)
	delay=$((RANDOM % 10))
	runner A -r --together=goes --concurrency-limit 1 t; a=$!
	runner B -r --together=goes --concurrency-limit 1 t; b=$!
	# the moment is counted in tasks that have run, and a little more
	within 30 eval '[ "$(wc -l <"$T/ran")" -gt $((delay / 3)) ]'
	sleep 0.0$delay
	kill -KILL $redis_pid; wait $redis_pid 2>/dev/null
	wait $a $b
	is "the server is killed after $((delay / 3)) tasks and 0.0$delay s: both succeed" "$(rc_of A) $(rc_of B)" "0 0"
	is "... each task has run" "$(sort -u "$T/ran" | xargs)" "$(all | xargs)"
	is "... each tells once, at most, that it is alone" "$(($(alone A) > 1 || $(alone B) > 1))" 0
done
# the store hangs
redis_starts hangs
team "\"url\": \"unix://$T/hangs.sock\""
fresh
(clone A)
runner A -r --together=hangs --concurrency-limit 1 t; a=$!
within 30 eval '[ -s "$T/ran" ]'
kill -STOP $redis_pid
wait $a
is "a server that hangs: the run does all" "$(rc_of A) $(sort -u "$T/ran" | xargs) $(alone A)" "0 p1 p2 p3 p4 p5 p6 1"
kill -CONT $redis_pid
# Ctrl-C while it waits for others
for i in 1 2; do file packages/p$i/vite-task.json "{\"tasks\":{\"t\":{\"command\":\"sh -c 'echo p$i >>$T/ran; until test -e $T/go; do sleep 0.05; done'\",\"input\":[\"in\"]}}}"; done
rm -rf packages/p[3-6]
fresh
(clone A) && (clone B)
runner A -r --together=waits --concurrency-limit 2 t; a=$!
within 30 eval '[ "$(wc -l <"$T/ran")" = 2 ]'
runner B -r --together=waits --concurrency-limit 2 t; b=$!
within 30 eval '[ "$(redis_calls hangs get)" -ge 0 ] && [ -n "$(pid_of B)" ]'
pid=$(pid_of B)
within 30 eval '[ "$(ls /proc/$pid/task | wc -l)" -ge 4 ]'
began=$(date +%s%N)
kill -INT "$pid"
wait $b
took=$((($(date +%s%N) - began) / 1000000))
is "a signal while a runner waits: it ends" "$(rc_of B)" 130
ok "... soon, while the other still runs" "$((took > 20000))" || echo "# $took ms"
touch "$T/go"; wait $a
is "... and the other goes on" "$(rc_of A)" 0
finish
