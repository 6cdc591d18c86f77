# vt, its supervisor and the keeper of a task are killed at one moment: the guard ends all descendants of the task. Processes that
# an ended task left running live on.
. "${0%/*}/../../lib/functions.sh" || exit
requires setsid
workspace
file package.json '{"name":"r"}'
# writes the pids of its processes, which try to escape in different ways
file task.sh '(setsid sh -c "echo \$\$ >>pids; exec sleep 1000" &) >/dev/null 2>&1
setsid -f sh -c "echo \$\$ >>pids; sleep 1000 & echo \$! >>pids; wait" >/dev/null 2>&1
echo $$ >>pids
sed -n "s/^PPid:[^0-9]*//p" /proc/$$/status >keeper
until [ "$(grep -c . pids 2>/dev/null)" = 4 ]; do sleep 0.01; done
: >ready
exec sleep 1000'
file vite-task.json '{"tasks":{
	"leaves":{"command":"sh -c \"setsid -f sleep 1000 >/dev/null 2>&1 </dev/null; :\"","cache":false},
	"plain":{"command":"sh task.sh","cache":false},
	"watched":{"command":"sh task.sh"}}}'
parent() { sed -n 's/^PPid:[^0-9]*//p' "/proc/$1/status"; }
dead() { ! kill -0 "$1" 2>/dev/null || grep -q '^State:.[ZX]' "/proc/$1/status" 2>/dev/null; }
all_dead() { local p; for p in $(cat pids) $guard; do dead "$p" || return 1; done; }
left() { local p; for p in $(cat pids) $guard; do dead "$p" || { echo "$p $(tr '\0' ' ' <"/proc/$p/cmdline")"; kill -KILL "$p"; }; done; }
for task in plain watched; do
	for signals in "KILL" "STOP KILL"; do
		rm -f pids keeper ready
		_limited 120 "$VT" run $task >/dev/null 2>&1 &
		until_true [ -e ready ] || exit 99
		keeper=$(<keeper) supervisor=$(parent "$keeper") guard=$(parent "$supervisor") vt=$(parent "$guard")
		for s in $signals; do kill -$s "$vt" "$supervisor" "$keeper"; done
		wait $! 2>/dev/null
		until_true all_dead
		is "$task: ${signals/ /, then }: no process of the task lives on" "$(left)" ""
	done
done
capture vt run leaves
survivor=$(grep -lzx 'sleep' /proc/[0-9]*/cmdline 2>/dev/null | while read -r f; do [ "$(readlink "${f%cmdline}cwd")" = "$W" ] && basename "${f%/cmdline}"; done)
ok "a process that an ended task left: lives on" "$(dead "$survivor"; [ $? = 1 ]; echo $?)"
cleanup "kill $survivor 2>/dev/null"
finish
