# A signal reaches vt while a plugin works: one that asks whether to stop ends the call at once; a store that does not is left
# behind a second later, and any other plugin a few seconds later, at once after a second signal.
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
	"first": {"command": "true", "cache": false},
	"t": {"command": "cat in.txt", "input": ["in.txt"], "dependsOn": ["first"]},
	"two": {"command": "cat in.txt", "input": ["in.txt"]},
	"long": {"command": "sleep 300", "cache": false},
	"both": {"command": "true", "cache": false, "dependsOn": ["two", "long"]}}}'
# signalled SWITCH SIGNAL again|"" TASKS...: sets rc, err, took; the signal comes when the plugin says that it is in the call
signalled() {
	rogue "$1 -DROGUE_SAYS_SO"
	rm -f began
	with VT_PLUGIN_PATH="$T/rogues" capture base_env "$abs_top_builddir/tests/lib/send-signal" began "$2" "$3" "$VT" run "${@:4}"
	took=$(<began.took)
}
signalled -DROGUE_POLLS INT "" t
is "a get that asks whether to stop: ends with the signal" "$rc $err" "130 "
once_below 5000 signalled -DROGUE_POLLS TERM "" t
ok "... without any grace: $took ms" $((took >= 5000))
signalled -DROGUE_NEVER_RETURNS INT "" t
is "a get that does not ask: is left behind" "$rc $err" "130 warning: plugin 'rogue': get has not returned since vt was told to end"
once_below 5000 signalled -DROGUE_NEVER_RETURNS TERM "" t
is "... the exit status is the signal's" "$rc" 143
ok "... within five seconds: $took ms" $((took >= 5000))
signalled -DROGUE_NEVER_RETURNS INT again t
is "... a second signal changes nothing" "$rc" 130
signalled -DROGUE_PUT_NEVER_RETURNS INT "" both
has "a put that does not ask: is left behind" "$err" "plugin 'rogue': put has not returned since vt was told to end"
# a tracer that does not return when a task is about to start holds up all of vt, but no signal
cp vite-task.json stores.json
file vite-task.json '{"plugins": {"tracer": "rogue"}, "tasks": {
	"first": {"command": "true", "cache": false},
	"watched": {"command": "cat in.txt", "dependsOn": ["first"]}}}'
signalled -DROGUE_TRACER_NEVER_RETURNS INT "" watched
is "a tracer's start that does not return: is left behind" "$rc $err" "130 error: plugin 'rogue': start has not returned since vt was told to end; vt ends without waiting for it"
once_below 5000 signalled -DROGUE_TRACER_NEVER_RETURNS TERM again watched
ok "... soon after a second signal: $took ms" $((took >= 5000))
is "... the exit status is the signal's" "$rc" 143
mv stores.json vite-task.json
# before a run signals have their usual effect
rogue -DROGUE_ENTRY_NEVER_RETURNS
VT_TIMEOUT=60 with VT_PLUGIN_PATH="$T/rogues" VT_PLUGIN_PATIENCE=2 capture vt run two
is "an entry function that does not return: its file is named" "$rc $err" "1 error: plugin 'rogue': vt_plugin_entry has neither returned nor asked for anything for 2 s
* vt cannot go on; VT_PLUGIN_PATIENCE sets how many seconds it waits"
finish
