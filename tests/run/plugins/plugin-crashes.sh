# A plugin crashes: one line names it and the operation, the terminal is as it was, the tasks are ended, and
# a run whose tasks were all done keeps its exit status.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
requires ${CC%% *}
workspace
tools
mkdir "$T/rogues"
rogue() { rogue_plugin "$T/rogues/vt-rogue.so" rogue $1; }
file package.json '{"name":"root"}'
file in.txt one
file vite-task.json '{"plugins": {"stores": ["rogue"]}, "tasks": {
	"t": {"command": "cat in.txt", "input": ["in.txt"]},
	"raw": {"command": "sh -c \"stty -echo && : >started && exec sleep 314.'$$'\"", "cache": false},
	"late": {"command": "sh -c \"until test -e started; do sleep 0.05; done\"", "cache": false},
	"then": {"command": "cat in.txt", "input": ["in.txt"], "dependsOn": ["late"]},
	"all": {"command": "true", "cache": false, "dependsOn": ["raw", "then"]}}}'
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}handle_segv=0:handle_sigfpe=0:handle_sigbus=0:use_sigaltstack=0
vts() { VT_TIMEOUT=120 with VT_PLUGIN_PATH="$T/rogues" vt "$@"; }
# crashes SWITCH RC LINE
crashes() {
	rogue $1
	capture vts run t
	is "$1: ${3}" "$rc $err" "$2 $3"
}
ends="vt ends, and its tasks with it"
crashes -DROGUE_ENTRY_CRASH 134 "error: plugin 'rogue' crashed in vt_plugin_entry (SIGABRT); $ends"
crashes -DROGUE_CREATE_CRASH 134 "error: plugin 'rogue' crashed in create (SIGABRT); $ends"
crashes -DROGUE_CRASH 139 "error: plugin 'rogue' crashed in get (SIGSEGV); $ends"
crashes -DROGUE_NULL 139 "error: plugin 'rogue' crashed in get (SIGSEGV); $ends"
crashes -DROGUE_DEEP 139 "error: plugin 'rogue' crashed in get (SIGSEGV); $ends"
crashes -DROGUE_GET_EXITS 1 "error: plugin 'rogue' ended the program in get; $ends"
crashes -DROGUE_EXITS 1 "error: plugin 'rogue' ended the program in create; $ends"
crashes -DROGUE_PUT_CRASH 0 "warning: plugin 'rogue' crashed in put (SIGABRT); vt ends without it"
has "... the output of the task is shown" "$out" "
one"
crashes -DROGUE_DESTROY_CRASH 0 "warning: plugin 'rogue' crashed in destroy (SIGABRT); vt ends without it"
has "... the output of the task is shown" "$out" "
one"

left() { pgrep -f "^sleep 314[.]$$\$"; }
for switch in -DROGUE_CRASH -DROGUE_GET_EXITS -DROGUE_ENTRY_NEVER_RETURNS; do
	rogue $switch
	# beside the local store it is loaded while tasks run
	[ $switch != -DROGUE_ENTRY_NEVER_RETURNS ] || sed -i 's/"rogue"/"store-local", "rogue"/' vite-task.json
	rm -f started
	with VT_PLUGIN_PATH="$T/rogues" VT_PLUGIN_PATIENCE=2 TERMINAL_SETTINGS="$T/settings" terminal vt run all
	has "$switch, a task has changed the terminal: the plugin is named" "$out" "plugin 'rogue'"
	is "... the terminal is restored" "$(<"$T/settings")" echo
	until_true eval '! left >/dev/null'
	is "... no task lives on" "$(left)" ""
done
finish
