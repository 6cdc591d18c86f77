# A hit for another state removes what the steps of its task made for the state before: no mixture of two runs.
. "${0%/*}/../../lib/functions.sh" || exit
status() { printf '%s\n' "$out" | awk '/^[$] / { printf "%s", /cache hit, replaying/ ? "h" : "r" }'; }
tree() { find dist -printf '%p%y ' 2>/dev/null | tr ' ' '\n' | sort | tr '\n' ' '; }
# task COMMAND: make.sh leaves in state 0 folders, links and files; in state 1 one file
task() {
	rm -rf "$T/w"; workspace
	file package.json '{"name":"w"}'
	file vite-task.json "{\"tasks\":{\"t\":{\"command\":\"$1\",\"output\":[\"dist/**\"]}}}"
	file make.sh 'mkdir -p dist
case $(cat s) in
0) mkdir -p dist/void dist/one/two dist/full/deep; ln -sfn a dist/link; echo x >dist/full/deep/x; echo y >dist/full/y; echo 0 >dist/a ;;
*) echo 1 >dist/a ;;
esac'
	echo 0 >s; vt run t >/dev/null; before=$(tree); rm -rf dist
	echo 1 >s; vt run t >/dev/null; after=$(tree)
}
to() { echo "$1" >s; capture vt run t; }
is_hit() { is "$1" "$(status) $(tree)" "$2 $3"; }

task 'sh make.sh'
for i in 1 2; do
	to 0; is_hit "round $i: the first state" h "$before"
	to 1; is_hit "... and the second: neither links nor empty folders of the first" h "$after"
done
to 0
echo mine >dist/one/mine; mkdir dist/full/deep/mine
to 1
is "a folder that holds a file of the user: a hit" "$(status)" h
there "... the folder stays" dist/one/mine
there "... so does a folder of the user" dist/full/deep/mine
gone "... no empty folder of the task stays" dist/void
gone "... no empty folder below another one stays" dist/one/two

task 'mkdir -p dist/void dist/sub && sh make.sh && cp -r dist/. dist2 && rm -rf dist2'
to 0; is_hit "commands after each other: the first state" hhhh "$before"
to 1; is_hit "... and the second" hhhh "$after"

# one step makes a folder, the next one fills it
task 'true'
file vite-task.json '{"tasks":{"t":{"command":"sh folder.sh && sh fill.sh","output":["dist/**"]}}}'
file folder.sh 'mkdir -p dist; if [ $(cat s) = 0 ]; then mkdir -p dist/sub/x; fi'
file fill.sh 'if [ $(cat s) = 0 ]; then echo x >dist/sub/x/f; else echo 1 >dist/a; fi'
to 0; before=$(tree); rm -rf dist
to 1; after=$(tree)
to 0; is_hit "a folder of one step, filled by another" hh "$before"
to 1; is_hit "... is removed with its content" hh "$after"

# a file of the user stays the user's when a command moves it
for kind in file link folder; do
	rm -rf "$T/w"; workspace
	file package.json '{"name":"w"}'
	file vite-task.json '{"tasks":{"t":{"command":"sh t.sh","output":["dist/**"]}}}'
	file t.sh 'mkdir -p dist; [ ! -L in/x ] && [ ! -e in/x ] || mv in/x dist/x'
	mkdir in
	vt run t >/dev/null
	case $kind in file) echo mine >in/x ;; link) ln -s ../t.sh in/x ;; folder) mkdir in/x ;; esac
	vt run t >/dev/null
	there "a $kind of the user's that the command moves" dist/x
	capture vt run t
	there "... stays when it has nothing to move" dist/x
done

# ... and when it copies it and removes it, or changes it before: what it leaves is the last copy
for copies in 'cp in/x dist/x' 'gzip -c in/x >dist/x' 'chmod 755 in/x && cp in/x dist/x' 'chmod 755 in/x && mv in/x dist/x' 'sed -i s/i/I/ in/x && mv in/x dist/x' 'echo 1 >>in/x && mv in/x dist/x'; do
	rm -rf "$T/w"; workspace
	file package.json '{"name":"w"}'
	file vite-task.json '{"tasks":{"t":{"command":"sh t.sh","output":["dist/**"]}}}'
	file t.sh "mkdir -p dist; [ ! -e in/x ] || { $copies && rm -f in/x; }"
	mkdir in
	vt run t >/dev/null
	echo mine >in/x
	vt run t >/dev/null
	there "$copies, and the user's file is removed" dist/x
	vt run t >/dev/null
	there "... the copy stays when there is nothing to copy" dist/x
	capture vt run t
	has "... which then is a hit" "$out" "cache hit"
	there "... that leaves the copy" dist/x
done

# a folder that one task made and emptied of what another put there
workspace
file package.json '{"name":"w"}'
file vite-task.json '{"tasks":{"empty":{"command":"mkdir -p out; rm -f out/x","output":["out/**"]},"fill":{"command":"mkdir -p out; echo 1 >out/x","output":["out/**"]}}}'
for task in empty fill empty; do vt run $task >/dev/null; done
vt run fill >/dev/null
there "a folder that is emptied: another task fills it" out/x
capture vt run empty
has "... emptying it is a hit" "$out" "cache hit"
is "... that leaves the folder" "$(find out)" out

# a step that lists the folder sees what a run would have left
task 'sh make.sh && ls dist'
to 0; to 1
is "a step that lists the folder: sees what a run would have left" "$(printf '%s\n' "$out" | grep -vE '^(\$|---|vt run|$)')" a
finish
