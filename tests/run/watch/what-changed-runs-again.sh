# --watch runs the tasks again that depend on a change, and shows nothing else.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/watch.sh"
workspace
pnpm a b c
for p in a b c; do
	mkdir -p packages/$p/src
	echo $p >packages/$p/src/in
	file packages/$p/vite-task.json '{"tasks":{
		"build":{"command":"mkdir -p dist && cp src/in dist/out","output":["dist/**"]},
		"glob":{"command":"cat src/in","input":["src/**"]},
		"raw":{"command":"cat src/in","cache":false},
		"probe":{"command":"sh -c \"cat optional 2>/dev/null; true\""},
		"list":{"command":"ls src"}}}'
done
file packages/b/package.json '{"name":"b","dependencies":{"a":"workspace:*"}}'

watching run -r build
is "the first run: as any run" "$(grep -c 'cp src/in dist/out' <<<"$seen")" 3
edit packages/b/src/in new
again
is "a change: its task runs, and no other is shown" "$(ran)" '~/packages/b$ cp src/in dist/out,'
has "... with the heading of the run" "$seen" "vt run: 'packages/b/src/in' changed"
has "... and the reason" "$seen" "○ cache miss: 'packages/b/src/in' modified, executing"
is "... and the new output" "$(cat packages/b/dist/out)" new

# an editor empties the file, and fills it a little later
woken() { awk '/^voluntary/ { print $2 }' "/proc/$watcher/status"; }
noticed() { [ "$(woken)" -gt $((n + 5)) ]; }
n=$(woken)
exec 3>packages/b/src/in
until_true noticed             # it wakes for the event, and again and again while it waits for the rest
echo filled >&3
exec 3>&-
again
is "a file that its writer has open: not read" "$(ran)" '~/packages/b$ cp src/in dist/out,'
is "... but read when all is written" "$(cat packages/b/dist/out)" filled

rm packages/b/src/in
again
n=$(woken)
exec 3>packages/b/src/in
until_true noticed
echo anew >&3
exec 3>&-
again
is "a new file that its writer has open: not read" "$(ran) $(cat packages/b/dist/out)" '~/packages/b$ cp src/in dist/out, anew'

# an editor renames the old file away and writes a new one
mv packages/b/src/in packages/b/src/in~ && echo newest >packages/b/src/in && rm packages/b/src/in~
until_true grep -q newest packages/b/dist/out
is "a file that was renamed away and written anew: read once" "$(cat packages/b/dist/out)" newest
settled

# bursts
for i in {1..200}; do echo $i >packages/b/src/in; done
until_true grep -qx 200 packages/b/dist/out
settled
runs=$(grep -c 'cp src/in dist/out' <<<"$seen")
is "a burst of edits: ends with the last one" "$(cat packages/b/dist/out)" 200
ok "... in few runs ($runs)" $((runs > 5))

# back to the earlier content
edit packages/b/src/in b
again
has "an earlier content: a hit, shown and restored" "$seen" "◉ cache hit, replaying"
is "... for that step alone" "$(cat packages/b/dist/out) $(ran)" 'b ~/packages/b$ cp src/in dist/out,'
# the restore wrote dist/out; a touch changes nothing; nothing of that wakes it
touch packages/c/src/in
edit packages/a/src/in other
again
is "files of a restore, and a touch: start nothing" "$(ran)" '~/packages/a$ cp src/in dist/out,'
watched INT
is "Ctrl-C: ends the watch" "$rc" 0

# a task that starts nothing
file packages/a/vite-task.json "$(sed 's/"build":/"say":{"command":"echo hello"},"build":/' packages/a/vite-task.json)"
watching run-many -r say raw
has "a task that only says something is run" "$seen" "[a#say] hello"
edit packages/a/other 0
again
hasnt "... and not told again" "$seen" "hello"
watched INT

watching run -r raw
edit packages/b/other 1
again
is "an uncached task: runs for each file of its package" "$(ran)" '~/packages/b$ cat src/in,'
edit packages/a/other 1
again
is "... and after a task that it waits for" "$(ran)" '~/packages/a$ cat src/in,~/packages/b$ cat src/in,'
mkdir -p packages/a/node_modules/x packages/a/.git "$T/deep/er"
echo 1 >packages/a/node_modules/x/y; echo 1 >packages/a/.git/index
echo 1 >"$T/deep/er/file"
place deep packages/c/deep
again
is "... not for node_modules and .git; and for new folders" "$(ran)" '~/packages/c$ cat src/in,'
edit packages/c/deep/er/file 2
again
is "... for a change in a new folder" "$(ran)" '~/packages/c$ cat src/in,'
mv packages/c/deep "$T/deep"
again
is "... for a removed folder" "$(ran)" '~/packages/c$ cat src/in,'
watched INT

watching run -r glob
edit packages/a/other 1
edit packages/b/src/more 1
again
is "declared inputs: a new file that matches starts the task" "$(ran)" '~/packages/b$ cat src/in,'
rm -r "$T/deep"
mkdir "$T/deep" && echo 1 >"$T/deep/file"
place deep packages/c/src/deep
again
is "... also in a new folder" "$(ran)" '~/packages/c$ cat src/in,'
mv packages/a/src "$T/away"
again
has "... when the folder of all of them goes" "$seen" "src/in: No such file or directory"
echo back >"$T/away/in"
place away packages/a/src
again
has "... and when it is there again, with another file" "$seen" "back"
watched INT

watching run -r probe
edit packages/b/optional 1
again
is "a file that was looked for: starts the task when it appears" "$(ran)" '~/packages/b$ sh -c "cat optional 2>/dev/null; true",'
rm packages/b/optional
again
has "... and when it goes" "$seen" "cache hit"
watched INT

watching run -r list
edit packages/a/src/listed 1
again
is "a listed folder: a new name starts the task" "$(ran)" '~/packages/a$ ls src,'
mv packages/c/src "$T/src"
again
has "a listed folder that goes: starts the task" "$seen" '~/packages/c$ ls src'
has "... which fails" "$seen" "No such file or directory"
echo 1 >"$T/src/again"
place src packages/c/src
again
has "... until the folder is there again" "$seen" 'again'
mv packages/b/src packages/b/away; mkdir packages/b/src; echo 1 >packages/b/src/fresh
upto "fresh"
has "a folder in the place of another: starts the task" "$seen" "fresh"
settled
edit packages/b/src/fresher 1
again
has "... is watched like the first" "$seen" "fresher"
watched TERM
is "TERM: ends the watch" "$rc" 143
finish
