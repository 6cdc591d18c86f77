# Supervisor and keeper of a running task are killed together, or stopped together: vt ends, and no descendant of the
# task lives on, however it tried to escape. Processes from before vt, and processes that are not vt's, are left alone.
. "${0%/*}/../../lib/functions.sh" || exit
requires setsid
workspace
file package.json '{"name":"r"}'
# writes the pids of itself, of a double-forked daemon and of a child in another session; then its keeper and its supervisor
file task.sh 'keeper=$PPID
supervisor=$(sed -n "s/^PPid:[^0-9]*//p" /proc/$keeper/status)
(setsid sh -c "echo \$\$ >>pids; exec sleep 1000" &) >/dev/null 2>&1
setsid -f sh -c "echo \$\$ >>pids; sleep 1000 & echo \$! >>pids; wait" >/dev/null 2>&1
while [ "$(grep -c . pids 2>/dev/null)" != 3 ]; do sleep 0.01; done
echo $$ >>pids
kill -$1 $supervisor $keeper
echo "$supervisor $keeper" >killed
exec sleep 1000'
file vite-task.json '{"tasks":{
	"killed":{"command":"sh task.sh KILL","cache":false},
	"stopped":{"command":"sh task.sh STOP","cache":false}}}'
dead() { ! kill -0 "$1" 2>/dev/null || grep -q '^State:.[ZX]' "/proc/$1/status" 2>/dev/null; }
all_dead() { local p; for p in $(cat pids killed); do dead "$p" || return 1; done; }
# left: prints the processes that a run left, and ends them
left() { local p; for p in $(cat pids killed); do dead "$p" || { echo "$p $(tr '\0' ' ' <"/proc/$p/cmdline")"; kill -KILL "$p"; }; done; }

VT_TIMEOUT=60 capture vt run killed
is "killed together: vt fails" $rc 1
has "... the reason is told" "$err" "the supervisor of the tasks died; the tasks that were running have been ended"
until_true all_dead
is "... no process of the task lives on" "$(left)" ""

# a shell starts a process, and becomes vt
rm -f pids
sleep 1000 &
bystander=$!
disown
cleanup "kill $bystander 2>/dev/null"
VT_TIMEOUT=60 capture _limited 60 sh -c 'sleep 1000 & echo $! >own; exec "$@"' sh "$VT" run killed
is "vt had a child before it became vt: no process of the task lives on" "$(left)" ""
ok "... that child lives on" "$(dead "$(<own)"; [ $? = 1 ]; echo $?)"
ok "... so does another process of the user" "$(dead $bystander; [ $? = 1 ]; echo $?)"
kill "$(<own)"

for signal in TERM KILL; do
	rm -f pids killed
	_limited 0 sh -c 'echo $$ >"$0"; exec "$@"' "$T/runner" "$VT" run stopped >"$T/out" 2>&1 &
	until_true test -s killed
	runner=$(<"$T/runner")
	[ $signal = TERM ] || kill -CONT $(cat killed)         # all three at once: nobody is left who could wake them
	kill -$signal "$runner"
	until_true dead "$runner"
	ok "stopped together: vt ends at SIG$signal" $?
	until_true all_dead
	is "... no process of the task lives on" "$(left)" ""
	wait 2>/dev/null
done

# supervisor and keeper stay stopped: vt does not wait for a signal
rm -f pids killed
file task.sh 'keeper=$PPID
supervisor=$(sed -n "s/^PPid:[^0-9]*//p" /proc/$keeper/status)
kill -STOP $supervisor $keeper
echo on'
file vite-task.json '{"tasks":{
	"stopped":{"command":"sh task.sh","cache":false},
	"next":{"command":"echo next; sh -c :","cache":false,"dependsOn":["stopped"]}}}'
VT_TIMEOUT=60 capture vt run next
is "a task that stops both: ends, and the next task starts" "$rc" 0
has "... the output of the next task is shown" "$out" "next"
finish
