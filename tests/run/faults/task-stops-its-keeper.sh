# A task stops its parent, the keeper, which ends the task: the keeper goes on, so the task ends, obeys signals, and
# does not outlive a killed vt.
. "${0%/*}/../../lib/functions.sh" || exit
workspace
file package.json '{"name":"r"}'
file vite-task.json '{"tasks":{
	"ends":{"command":"sh -c \"kill -STOP $PPID; echo on\"","cache":false},
	"stays":{"command":"sh -c \"kill -STOP $PPID; echo $$ >pid; exec sleep 1000\"","cache":false}}}'
VT_TIMEOUT=60 capture vt run ends
has "a task that stops its parent: ends" "$rc $out" '0 $ sh -c "kill -STOP $PPID; echo on"'
has "... its output is shown" "$out" "
on"
dead() { ! kill -0 "$1" 2>/dev/null || grep -q '^State:.[ZX]' "/proc/$1/status" 2>/dev/null; }
for signal in TERM KILL; do
	rm -f pid
	_limited 0 sh -c 'echo $$ >"$0"; exec "$@"' "$T/runner" "$VT" run stays >"$T/out" 2>&1 &
	until_true test -s pid
	runner=$(<"$T/runner")
	task=$(<pid)
	kill -$signal $runner
	until_true dead $runner
	ok "while it runs: vt ends at SIG$signal" $?
	until_true dead "$task"
	ok "... the task ends, too" $? || kill -KILL "$task" 2>/dev/null
	wait 2>/dev/null
done
finish
