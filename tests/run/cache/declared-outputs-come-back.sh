# Declared outputs: stored, restored exactly, left alone if unchanged; stale ones are removed, other files stay.
. "${0%/*}/../../lib/functions.sh" || exit
workspace
file package.json '{"name":"r"}'
task() { file vite-task.json "{\"tasks\":{\"build\":{\"command\":\"sh build.sh\",\"input\":[\"src/**\"],\"output\":$1}}}"; }
task '["dist/**","!dist/skip.txt"]'
file src/main one
file build.sh 'mkdir -p dist/sub dist/void
cp src/main dist/keep.txt; echo skip >dist/skip.txt; echo 1 >dist/sub/run; chmod 755 dist/sub/run
head -c 300000 /dev/zero | tr "\0" x >dist/large; ln -sfn sub/run dist/link; ln -sfn sub dist/dirlink; ln -sfn nowhere dist/dangling
cp src/main "dist/from-$(cat src/main)"; mkdir -p tmp; echo t >tmp/other; echo built'
state() { find dist -printf '%P %y %m %T@ %l\n' | grep -v '^ ' | sort; find dist -type f | sort | xargs cat | cksum; }
# kept: leaves out the times of folders with content, which change with each name made or removed in them
kept() { state | grep -vE '^(sub|skip\.txt)? d|^skip'; }
hit() { capture vt run build; has "$1" "$out" '◉ cache hit, replaying'; }

capture vt run build
is "the first run" "$rc" 0
before=$(state | grep -v '^skip\|^sub d\|^[0-9]* [0-9]*$')
hit "outputs in place: a hit"
inodes=$(find dist -printf '%P %i %C@\n' | sort)
vt run build >/dev/null
is "... that changes nothing, not even a time" "$(find dist -printf '%P %i %C@\n' | sort)" "$inodes"

rm -rf dist tmp
hit "all gone: a hit"
is "... brings back types, modes, times, links, empty folders" "$(state | grep -v '^skip\|^sub d\|^[0-9]* [0-9]*$')" "$before"
is "... and contents" "$(cat dist/keep.txt dist/sub/run; wc -c <dist/large)" "one
1
300000"
gone "... but no file that a negative pattern excludes" dist/skip.txt
gone "... and no file without a pattern" tmp/other

ino=$(stat -c %i dist/large)
rm dist/keep.txt
hit "one file gone: a hit"
there "... brings it back" dist/keep.txt
is "... and only that" "$(stat -c %i dist/large)" "$ino"
ino=$(stat -c %i dist/keep.txt); touch dist/keep.txt; chmod 600 dist/keep.txt
hit "only mode and time were changed: a hit"
is "... repairs them" "$(stat -c %i:%a dist/keep.txt)" "$ino:644"
ran() { capture vt run build; has "$1" "$out" "cache miss: '$2' is not as this task left it"; }
echo edited >dist/keep.txt
ran "an output was edited: it is not vt's to write over" dist/keep.txt
is "... the task does" "$(cat dist/keep.txt)" one
ln -sfn elsewhere dist/link
ran "a link was changed: the same" dist/link
is "... and has its old target" "$(readlink dist/link)" sub/run

file src/main two
capture vt run build
has "another input: a miss" "$out" "'src/main' modified"
echo mine >dist/user.txt
file src/main one
hit "the first input again: a hit"
gone "outputs of the other result alone are removed" dist/from-two
there "outputs of this result are there" dist/from-one
is "files that no run made stay" "$(cat dist/user.txt)" mine
file src/main two
hit "the second input again: a hit"
there "the task's own file is back" dist/from-two
there "a file that lay there when the result was stored belongs to it" dist/from-one
echo changed >dist/from-two
file src/main one
hit "a stale file that was changed meanwhile"
is "... stays" "$(cat dist/from-two)" changed

rm -rf dist
# each step of a chain restores the files that its own patterns name
file vite-task.json '{"tasks":{"two":{"command":"sh first.sh && sh second.sh","input":["*.sh"],"output":["dist/**"]}}}'
file first.sh 'mkdir -p dist; echo 1 >dist/first'
file second.sh 'mkdir -p tmp; echo 2 >tmp/temp.txt'
capture vt run two
rm -rf dist tmp
capture vt run two
is "two steps, two hits" "$(steps | grep -c '◉ cache hit, replaying')" 2
there "... files that were matched are back" dist/first
gone "... others are not" tmp/temp.txt

task '["dist/keep.txt"]'
capture vt run build
has "another output list" "$out" '○ cache miss: output configuration changed, executing'
task '[]'
capture vt run build
rm -rf dist
capture vt run build
has "no outputs: a hit" "$out" '◉ cache hit, replaying'
gone "... restores nothing" dist
file vite-task.json '{"tasks":{"build":{"command":"sh build.sh","input":["src/**"]}}}'
capture vt run build
has "omitted is the same as none" "$out" '◉ cache hit, replaying'

# empty files alone, and beside a large file and a link
for more in : 'head -c 300000 /dev/zero >stamp/large; ln -sfn done stamp/link'; do
	file vite-task.json '{"tasks":{"build":{"command":"sh stamp.sh","input":["stamp.sh"],"output":["stamp/**"]}}}'
	file stamp.sh "mkdir -p stamp; : >stamp/done; : >stamp/more; $more"
	rm -rf stamp
	vt run build >/dev/null
	made=$(ls stamp)
	rm -rf stamp
	hit "empty files are gone: a hit ($more)"
	is "... brings them back" "$(ls stamp):$(cat stamp/done stamp/more)" "$made:"
done

# the working directory holds nothing but the output folder, which the task makes
workspace; mkdir sub
file package.json '{"name":"r"}'
file vite-task.json '{"tasks":{"build":{"cwd":"sub","command":"mkdir -p dist && echo x >dist/a","output":["sub/dist"]}}}'
vt run build >/dev/null
hit "a task in a folder that was empty: its second run is a hit"
rm -rf sub/dist
hit "... also without the output"
is "... and the output comes back" "$(cat sub/dist/a)" x
finish
