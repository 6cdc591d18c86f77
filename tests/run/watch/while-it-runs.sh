# --watch loses no edit, whenever it comes; and what tasks write themselves, during a run or behind it, does not start them
# for ever.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/watch.sh"
workspace
file package.json '{"name":"r"}'
mkdir src
# a task that reads early and ends late: `go` lets it end
cat >slow.sh <<'X'
cat src/in
: >"$GATE/reading"
until [ -e "$GATE/go" ]; do sleep 0.02; done
X
tasks() { file vite-task.json "{\"tasks\":{\"t\":$1}}"; }
export GATE=$T/gate; mkdir -p "$GATE"
gate() { rm -f "$GATE"/*; }
for kind in '"sh slow.sh","untrackedEnv":["GATE"]' '"sh slow.sh","untrackedEnv":["GATE"],"input":["src/**"]'; do
	tasks "{\"command\":$kind}"
	echo one >src/in
	gate
	_env=(GATE="$GATE")
	watch_start run t
	until_true [ -e "$GATE/reading" ]
	echo two >src/in
	: >"$GATE/go"
	upto "two"
	has "an edit during the run starts another: $kind" "$seen" "two"
	settled
	gate
	echo three >src/in
	until_true [ -e "$GATE/reading" ]
	echo four >src/in
	: >"$GATE/go"
	upto "four"
	has "... in every run" "$seen" "four"
	settled
	watched INT
done
_env=()

# a task that fails, and is mended in the file that it read
tasks '{"command":"sh -c \"grep -q good src/in\""}'
echo bad >src/in
watching run t
echo good >src/in
again
is "a task that failed runs again when what it read changes" "$(ran)" '$ sh -c "grep -q good src/in",'
watched INT
is "... and the last run's status counts" "$rc" 0
echo bad >src/in
watching run t
echo other >elsewhere
watched INT
is "another file is none of its business" "$(ran) $rc" " 1"

# what reads and writes the same file
tasks '{"command":"sh -c \"cat src/in; date +%N >>src/in\""}'
watching run t
settled
echo edited >src/in
again
settled
is "what reads and writes a file runs once for each edit" "$(grep -c 'vt run: waiting' "$T/log")" 2
watched INT
tasks '{"command":"sh -c \"date +%N >>log; cat log >/dev/null\"","cache":false}'
watching run t
settled
echo edited >src/in
again
settled
is "so does an unwatched task that writes into its package" "$(grep -c 'vt run: waiting' "$T/log")" 2
watched INT
# a process that the task leaves behind writes a little later
tasks '{"command":"sh -c \"(sleep 0.3; date +%N >>late) >/dev/null 2>&1 </dev/null & date +%N >>late\"","cache":false}'
watching run t
upto "starts them no more"
n=$(grep -c 'vt run: waiting' "$T/log")
ok "a task that writes behind its end does not run for ever ($n runs)" $((n > 6))
echo edited >src/in
again
has "... but for every edit" "$seen" "src/in"
watched INT

# chains of tasks: what one writes and the next reads
workspace chain
mkdir src
file package.json '{"name":"r"}'
file vite-task.json '{"tasks":{
	"gen":{"command":"sh -c \"tr a-z A-Z <src/in >generated\"","output":["generated"]},
	"use":{"command":"cat generated","dependsOn":["gen"]},
	"all":{"command":"cat src/other","cache":false,"dependsOn":["use"]}}}'
echo text >src/in; echo o >src/other
watching run all
echo more >src/in
again
settled
is "what one writes and the next reads is one run" "$(grep -c 'vt run: waiting' "$T/log")" 2
has "... with what was written" "$seen$(cat "$T/log")" "MORE"
watched INT
finish
