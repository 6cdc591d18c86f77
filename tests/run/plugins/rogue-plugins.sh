# Each plugin that breaks a promise is one row with one sentence; none takes vt down.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
requires ${CC%% *}
workspace
mkdir "$T/rogues"
vts() { with VT_PLUGIN_PATH="$T/rogues" vt "$@"; }
rogue() { rogue_plugin "$T/rogues/vt-$1.so" "$@"; }
# listed NAME SWITCH "STATE  SENTENCE": its row
listed() {
	local row
	rm -rf "$T/rogues/"*
	rogue "$1" $2
	capture vts plugins list
	row=$(printf '%s\n' "$out" | grep '^rogue ')
	is "$2: $3" "$rc $(printf '%s' "$row" | sed 's/.*env  *//')" "0 $3"
}
listed rogue "" "ready"
listed rogue -DROGUE_MAJOR "refused  built for vt plugin interface 9.1, this is 1.1"
listed rogue -DROGUE_MINOR "refused  needs vt plugin interface 1.99, this is 1.1"
listed rogue -DROGUE_SIZE_0 "refused  its description has an impossible size, 0 bytes"
listed rogue -DROGUE_SIZE_4G "refused  its description has an impossible size, 4294967292 bytes"
listed rogue -DROGUE_NO_NAME "refused  it has no name"
listed rogue -DROGUE_COMPONENT_NAME "refused  a component's name, 'Bad Name?', is not made of a-z 0-9 . _ -"
listed rogue -DROGUE_FLAG "refused  'rogue' asks for something this vt does not know (flags 0x100000)"
listed rogue -DROGUE_NO_GET "refused  'rogue' lacks \`get\`, which every store has"
listed rogue -DROGUE_KIND "refused  it provides nothing that this vt knows"
listed rogue -DROGUE_ENTRY_NULL "refused  does not speak vt plugin interface 1"
listed rogue -DROGUE_NO_ENTRY "refused  not a plugin: it has no function vt_plugin_entry"
listed rogue -DROGUE_OPTION_TWICE "refused  'rogue' has two options 'a'"
listed rogue -DROGUE_OPTION_TAKEN "refused  'rogue' has an option 'timeout', which vt itself answers for in every store"
listed rogue -DROGUE_OPTION_TYPE "refused  option 'b' of 'rogue' has no type that this vt knows"
listed rogue -DROGUE_OPTION_FALLBACK "refused  the fallback of option 'b' of 'rogue' is not a size as 500 MiB or 10 GB"
listed rogue -DROGUE_OPTION_NO_NAME "refused  'rogue' has an option without a name"
listed rogue -DROGUE_OPTION_NO_SET "refused  'rogue' has options but no \`set\`"
listed rogue -DROGUE_CONSTRUCTOR "broken   killed by SIGABRT"

rm -rf "$T/rogues/"*
rogue rogue
mv "$T/rogues/vt-rogue.so" "$T/rogues/vt-other.so"
capture vts plugins list
has "a file whose name is not the plugin's" "$out" "it calls itself 'rogue', so its file must be named vt-rogue.so"

rm -rf "$T/rogues/"*
echo "not a library" >"$T/rogues/vt-text.so"
: >"$T/rogues/vt-empty.so"
mkdir "$T/rogues/vt-folder.so"
mkfifo "$T/rogues/vt-fifo.so"
ln -s /nowhere "$T/rogues/vt-dangling.so"
capture vts plugins list
is "files that are no plugins" "$(printf '%s\n' "$out" | grep ' env ' | sed 's/  */ /g' | sed 's/^.*vt-dangling/vt-dangling/')" \
"vt-dangling.so - - env skipped No such file or directory
empty - - env refused not a shared object
fifo - - env refused not a regular file
folder - - env refused not a regular file
text - - env refused not a shared object"

# Faults that only show at work: the conformance kit names them.
# checked SWITCH TRIAL SENTENCE
checked() {
	rm -rf "$T/rogues/"*
	rogue rogue $1
	capture vt plugins check "$T/rogues/vt-rogue.so"
	is "$1: a trial fails" "$rc" 1
	has "$1: $3" "$out" "WRONG  $2: $3"
}
checked -DROGUE_STATUS "rogue: an unknown name is not there" "get of a blob that was never put answers VT_FAILED, expected VT_NONE"
checked -DROGUE_CRASH "rogue: an unknown name is not there" "killed by SIGSEGV"
checked -DROGUE_PRINTS "rogue: an unknown name is not there" "it writes to the standard output or error during this"
checked -DROGUE_CREATE_FAILS "rogue: it comes to life and goes, and leaves the program as it was" "it does not come to life: there is no room for me"
checked -DROGUE_FD "rogue: it comes to life and goes, and leaves the program as it was" "it opens '/dev/null' without O_CLOEXEC: every task would inherit it"
checked -DROGUE_EXITS "rogue: it comes to life and goes, and leaves the program as it was" "it ended the program"
checked -DROGUE_STRAY_THREAD "rogue: it comes to life and goes, and leaves the program as it was" "it starts a thread in its life"
checked -DROGUE_LOUD_CONSTRUCTOR "it can be loaded, and loading it does nothing else" "it writes to the standard output or error while it is loaded"
checked "" "rogue: what was put comes back" "get of a blob after its put answers VT_NONE, expected VT_OK"

# At work: it may cost the cache, or the run's time, and it is named.
rm -rf "$T/rogues/"*
file package.json '{"name":"root"}'
file in.txt one
file vite-task.json '{"plugins": {"stores": ["rogue"]}, "tasks": {"t": {"command": "cat in.txt", "input": ["in.txt"]}, "long": "sleep 314.'$$'"}}'
# runs SWITCH RC SENTENCE: a run with this store says so; a long report is cut
runs() {
	rogue rogue $1
	VT_TIMEOUT=120 with VT_PLUGIN_PATH="$T/rogues" VT_PLUGIN_PATIENCE=2 capture vt run t
	is "$1: ${3%%$'\n'*}" "$rc ${err:0:600}" "$2 $3"
}
hangs="has neither returned nor asked for anything for 2 s"
runs -DROGUE_SILENT 0 "warning: plugin 'rogue': get failed without saying why"
runs -DROGUE_STATUS 0 "warning: plugin 'rogue': get answered 77, which means nothing"
runs -DROGUE_LONG_REPORT 0 "warning: plugin 'rogue': bad\x1b[31m $(printf 'x%.0s' $(seq 500))"
runs -DROGUE_NEVER_RETURNS 0 "warning: plugin 'rogue': get $hangs; it is not used any more in this run"
has "a get that does not return: the run goes on without the store" "$out" one
runs -DROGUE_PUT_NEVER_RETURNS 0 "warning: plugin 'rogue': put $hangs; it is not used any more in this run"
has "a put that does not return: the task is done" "$out" one
# beside the local store nothing is lost
config=$(<vite-task.json)
file vite-task.json "${config/\"rogue\"/\"rogue\", \"store-local\"}"
for switch in -DROGUE_NEVER_RETURNS -DROGUE_PUT_NEVER_RETURNS; do
	rm -rf .vt
	runs $switch 0 "warning: plugin 'rogue': $([ $switch = -DROGUE_NEVER_RETURNS ] && echo get || echo put) $hangs; it is not used any more in this run"
	rogue rogue
	with VT_PLUGIN_PATH="$T/rogues" capture vt run t
	like "... the local store has the result" "$rc $err $out" "0  *cache hit*"
done
file vite-task.json "$config"
runs -DROGUE_DESTROY_NEVER_RETURNS 0 "warning: plugin 'rogue': destroy $hangs; vt ends without waiting for it"
runs -DROGUE_SLOW 0 ""
runs -DROGUE_CREATE_FAILS 1 "error: Plugin 'rogue' cannot be used
* there is no room for me"
# the tasks that run beside a plugin that hangs while it is loaded do not outlive vt
file vite-task.json "${config/\"rogue\"/\"store-local\", \"rogue\"}"
rogue rogue -DROGUE_ENTRY_NEVER_RETURNS
rm -rf .vt
VT_TIMEOUT=120 with VT_PLUGIN_PATH="$T/rogues" VT_PLUGIN_PATIENCE=2 capture vt run --parallel long t
left() { pgrep -f "^sleep 314[.]$$\$"; }
until_true eval '! left >/dev/null'
is "a plugin that hangs while it is loaded: no task of the run is left" "$rc $(left)" "1 "
finish
