# A vt inside a task of another: one connection to the outer runner, which may not answer.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
requires strace
workspace
tools
file package.json '{"name":"outer"}'
file inner.sh 'echo "$VP_RUN_IPC_NAME" >../name; strace -f -qq -s 200 -o ../trace -e trace=connect "$VT" run "$1"'
tool ask '"$VT" client get-env "$1"; echo $1'
file vite-task.json '{"tasks":{
	"nested":{"command":"sh inner.sh both","cache":true,"input":[],"untrackedEnv":["VT"]},
	"both":{"command":"ask A","cache":true,"input":[],"env":["DECLARED"],"untrackedEnv":["VT"],"dependsOn":["two"]},
	"two":{"command":"ask B","cache":true,"input":[],"untrackedEnv":["VT"]}}}'
with VT="$VT" capture vt run nested
is "the inner vt runs" "$rc $(printf '%s\n' "$out" | grep -cE '^[AB]$')" "0 2"
is "... and connects to the outer runner once, for its steps' settings and all questions of their tools" "$(grep -c "connect(.*$(cat ../name)" ../trace)" 1
with DECLARED=1 VT="$VT" capture vt run nested
has "a variable that an inner step declares: decides about the outer step" "$out" "cache miss: env 'DECLARED' changed"
with DECLARED=1 B=1 VT="$VT" capture vt run nested
has "a variable that an inner step's tool asked for: decides about the outer step" "$out" "cache miss: env 'B' changed"

# started PIDFILE command...: runs it in the clean environment; PIDFILE gets the pid of vt
started() { base_env sh -c 'echo $$ >"$1"; shift; exec "$@"' sh "$@"; }

# the outer runner: stopped by the test while its task holds the channel open
mkdir ../outer ../inner && cd ../outer || exit 99
tools
tool hold 'printf "%s\n" "$VP_RUN_IPC_NAME" >../channel.new && mv ../channel.new ../channel; until [ -e ../continue ]; do sleep 0.05; done'
file package.json '{"name":"outer"}'
file vite-task.json '{"tasks":{"hold":{"command":"hold","cache":true,"input":[]}}}'
started ../outer.pid "$VT" run hold >"$T/outer.out" 2>&1 &
outer=$!
until_true test -s ../channel
kill -STOP "$(cat ../outer.pid)"
cleanup 'kill -CONT "$(cat "$T/outer.pid")" 2>/dev/null'
cd ../inner || exit 99
tools
tool mark 'echo $1; touch "../ran-$1"'
file package.json '{"name":"inner"}'
file vite-task.json '{"tasks":{"build":{"command":"mark a && mark b","cache":true,"input":[],"env":["A"]},
	"hang":{"command":"mark c && hang","cache":true,"input":[],"env":["A"]}}}'
with VP_RUN_IPC_NAME="$(cat ../channel)" started ../build.pid "$VT" run build >"$T/inner.out" 2>&1 &
inner=$!
until_true test -e ../ran-b
ok "an outer runner that does not answer: steps run, and the end of the run waits for it" "$(kill -0 "$(cat ../build.pid)"; echo $?)"
tool hang 'touch ../hangs; exec sleep 600'
with VP_RUN_IPC_NAME="$(cat ../channel)" started ../hang.pid "$VT" run hang >"$T/hang.out" 2>&1 &
hang=$!
until_true test -e ../hangs
once=$SECONDS
kill -TERM "$(cat ../hang.pid)"
wait $hang
is "... a signal ends the run without that wait" "$? $((SECONDS - once < 8))" "143 1"
kill -CONT "$(cat ../outer.pid)"
wait $inner
is "... an outer runner that goes on: the run ends when it has noted all that it was told" $? 0
touch ../continue
wait $outer
is "... and the outer run ends as ever" $? 0
finish
