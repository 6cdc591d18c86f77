# --watch loses no edit, whenever it comes; and files that tasks write themselves, during a run or behind it, do not start them
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
	has "an edit during the run: starts another ($kind)" "$seen" "two"
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

# names that come while a folder is listed or matched, but not yet watched, and files of a task that is over already
held() {                       # held CHANGE TEXT NAME: makes the change during the first run; then TEXT is told
	gate
	date +%N >nonce        # so the first run misses
	_env=(GATE="$GATE")
	watch_start run t
	until_true [ -e "$GATE/reading" ]
	eval "$1"
	: >"$GATE/go"
	upto "$2"
	has "$3" "$seen" "$2"
	settled
	watched INT
	_env=()
}
hold='cat nonce >/dev/null; : >$GATE/reading; until [ -e $GATE/go ]; do sleep 0.02; done'
echo "ls src; cat src/*/deep 2>/dev/null; $hold" >list.sh
# one run is over, and the next has begun; then the change comes
later() {                      # later CHANGE TEXT NAME
	_env=(GATE="$GATE")
	gate
	: >"$GATE/go"
	watching run t
	gate
	edit src/in "begin $(date +%N)"
	until_true [ -e "$GATE/reading" ]
	eval "$1"
	: >"$GATE/go"
	upto "$2"
	has "$3" "$seen" "$2"
	settled
	watched INT
	_env=()
}
for kind in '"sh list.sh","untrackedEnv":["GATE"]' '"sh list.sh","untrackedEnv":["GATE"],"input":["src/**","nonce"]'; do
	tasks "{\"command\":$kind}"
	rm -rf src; mkdir src; echo one >src/in
	held 'echo x >src/a-new-name' "a-new-name" "a name that comes during the first run starts another: $kind"
	held 'rm src/a-new-name; echo x >src/b' "changed" "... or goes: $kind"
	mkdir -p "$T/away/moved"; echo "old text" >"$T/away/moved/deep"; touch -d 2001-01-01 "$T/away/moved/deep"
	held 'mv "$T/away/moved" src/' "old text" "... or comes with its folder: $kind"
done
rm -rf src; mkdir src; echo one >src/in
later 'edit src/late x' "late" "a new name under declared inputs during a later run starts another"
tasks '{"command":"sh slow.sh","untrackedEnv":["GATE"],"input":["src/**"]}'
later 'edit src/in "sooner or later"' "sooner or later" "... and so does a file that takes the place of another"

# an unwatched task may have written anywhere in its package
echo "cat src/in; date +%N >out; $hold; date +%N >out" >raw.sh
tasks '{"command":"sh raw.sh","cache":false}'
rm -rf src; mkdir src; echo one >src/in
later 'echo "a later text" >src/in' "a later text" "an unwatched task: an edit during a later run starts another"
is "... one" "$(grep -c 'vt run: waiting' "$T/log")" 3
if command -v git >/dev/null; then
	git init -q . && git add src && git -c user.name=x -c user.email=x@y commit -qm one
	held 'echo "an early text" >src/in' "an early text" "... and one during the first run of a file that git tracks"
	is "... one" "$(grep -c 'vt run: waiting' "$T/log")" 2
	later 'edit src/in "a text in its place"' "a text in its place" "... also where the file takes the place of another"
	is "... one" "$(grep -c 'vt run: waiting' "$T/log")" 3
	tasks '{"command":"sh -c \"date +%N >>src/in\"","cache":false}'
	watching run t
	settled
	is "... and a task that writes such a file runs once" "$(grep -c 'vt run: waiting' "$T/log")" 1
	edit src/other x
	again
	has "... and runs for each edit" "$seen" "src/other"
	watched INT
	rm -rf .git
else
	skip "files that git tracks" "git is not installed"
fi
echo "$hold" >hold.sh
file vite-task.json '{"tasks":{"first":{"command":"sh -c \"ls src; cat src/in\""},"t":{"command":"sh hold.sh","untrackedEnv":["GATE"],"dependsOn":["first"]}}}'
held 'echo another text >src/in' "another text" "so does an edit of what a task read that had ended before"
held 'echo x >src/name-behind' "name-behind" "... and a name in a folder that it had listed"
held "sed -i 's/ls src/echo edited/' vite-task.json" "edited" "... and an edit of the configuration"
# ... files that the run wrote itself do not
file vite-task.json '{"tasks":{"t":{"command":"sh -c \"ls src >/dev/null; mkdir -p dist; echo x >dist/made; echo y >beside\"","output":["dist/**","beside"]}}}'
watching run t
settled
is "names that the run made: start nothing" "$(grep -c 'vt run: waiting' "$T/log") $(ran)" "1 "
watched INT

# a task that fails, and is mended in the file that it read
tasks '{"command":"sh -c \"grep -q good src/in\""}'
echo bad >src/in
watching run t
echo good >src/in
again
is "a task that failed: runs again when a file that it read changes" "$(ran)" '$ sh -c "grep -q good src/in",'
watched INT
is "... and the last run's status counts" "$rc" 0
echo bad >src/in
watching run t
echo other >elsewhere
watched INT
is "another file: does not start it" "$(ran) $rc" " 1"

# a task that reads and writes the same file
tasks '{"command":"sh -c \"cat src/in; date +%N >>src/in\""}'
watching run t
settled
echo edited >src/in
again
settled
is "a task that reads and writes a file: runs once for each edit" "$(grep -c 'vt run: waiting' "$T/log")" 2
watched INT
tasks '{"command":"sh -c \"date +%N >>log; cat log >/dev/null\"","cache":false}'
watching run t
settled
echo edited >src/in
again
settled
is "an untraced task that writes into its package: runs once for each edit" "$(grep -c 'vt run: waiting' "$T/log")" 2
watched INT
# ... and one that runs for another's sake
pnpm a b
for p in a b; do file packages/$p/vite-task.json '{"tasks":{"t":{"command":"sh -c \"date +%N >>log; cat log >/dev/null\"","cache":false}}}'; done
watching run -r t
settled
edit packages/a/in x
again
is "a file that an untraced task wrote: does not start it when another task must run" "$(ran)" '~/packages/a$ sh -c "date +%N >>log; cat log >/dev/null",'
watched INT
rm -rf packages pnpm-workspace.yaml
# a process that the task leaves behind writes a little later
tasks '{"command":"sh -c \"(sleep 0.3; date +%N >>late) >/dev/null 2>&1 </dev/null & date +%N >>late\"","cache":false}'
watching run t
upto "starts them no more"
n=$(grep -c 'vt run: waiting' "$T/log")
ok "a task that writes after its end: does not run for ever ($n runs)" $((n > 6))
echo edited >src/in
again
has "... and runs for each edit" "$seen" "src/in"
watched INT

# chains of tasks: one writes a file, the next reads it
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
is "a chain of tasks that write and read: one run" "$(grep -c 'vt run: waiting' "$T/log")" 2
has "... with the new content" "$seen$(cat "$T/log")" "MORE"
watched INT
finish
