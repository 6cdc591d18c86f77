# --watch runs again what depends on something that changed, and shows nothing else.
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
is "the first run is a run" "$(grep -c 'cp src/in dist/out' <<<"$seen")" 3
echo new >packages/b/src/in
again
is "what changed runs, and nothing else is shown" "$(ran)" '~/packages/b$ cp src/in dist/out,'
has "... with what it is for" "$seen" "vt run: 'packages/b/src/in' changed"
has "... and why" "$seen" "○ cache miss: 'packages/b/src/in' modified, executing"
is "... and it did" "$(cat packages/b/dist/out)" new

# an editor writes a new file and renames it
echo newer >packages/b/src/in.tmp && mv packages/b/src/in.tmp packages/b/src/in
again
is "a file that another was renamed to" "$(ran)" '~/packages/b$ cp src/in dist/out,'
mv packages/b/src/in packages/b/src/in~ && echo newest >packages/b/src/in && rm packages/b/src/in~
again
is "a file that was renamed away and written anew" "$(cat packages/b/dist/out)" newest

# bursts
for i in {1..200}; do echo $i >packages/b/src/in; done
again
runs=$(grep -c 'cp src/in dist/out' <<<"$seen")
settled
runs=$((runs + $(grep -c 'cp src/in dist/out' <<<"$seen")))
is "a burst of edits ends with the last of them" "$(cat packages/b/dist/out)" 200
ok "... and was few runs ($runs)" $((runs > 5))

# back to what was there
echo b >packages/b/src/in
again
has "what was there before hits, is shown, and is put back" "$seen" "◉ cache hit, replaying"
is "... for the step alone" "$(cat packages/b/dist/out) $(ran)" 'b ~/packages/b$ cp src/in dist/out,'
# the restore wrote dist/out; a touch changes nothing; nothing of that wakes it
touch packages/c/src/in
echo other >packages/a/src/in
again
is "what a restore wrote and a touch start nothing" "$(ran)" '~/packages/a$ cp src/in dist/out,'
watched INT
is "Ctrl-C ends it" "$rc" 0

watching run -r raw
echo 1 >packages/b/other
again
is "a task that nobody watches runs for any file of its package" "$(ran)" '~/packages/b$ cat src/in,'
echo 1 >packages/a/other
again
is "... and after one that it waits for" "$(ran)" '~/packages/a$ cat src/in,~/packages/b$ cat src/in,'
mkdir -p packages/a/node_modules/x packages/a/.git packages/c/deep/er
echo 1 >packages/a/node_modules/x/y; echo 1 >packages/a/.git/index
echo 1 >packages/c/deep/er/file
again
is "... but for node_modules and .git; new folders count" "$(ran)" '~/packages/c$ cat src/in,'
echo 2 >packages/c/deep/er/file
again
is "... and what changes in them" "$(ran)" '~/packages/c$ cat src/in,'
rm -r packages/c/deep
again
is "... and goes with them" "$(ran)" '~/packages/c$ cat src/in,'
watched INT

watching run -r glob
echo 1 >packages/a/other
echo 1 >packages/b/src/more
again
is "declared inputs: a new file that matches" "$(ran)" '~/packages/b$ cat src/in,'
mkdir -p packages/c/src/deep && echo 1 >packages/c/src/deep/file
again
is "... also in a new folder" "$(ran)" '~/packages/c$ cat src/in,'
watched INT

watching run -r probe
echo 1 >packages/b/optional
again
is "a file that was looked for comes" "$(ran)" '~/packages/b$ sh -c "cat optional 2>/dev/null; true",'
rm packages/b/optional
again
has "... and goes" "$seen" "cache hit"
watched INT

watching run -r list
echo 1 >packages/a/src/listed
again
is "a name comes in a folder that was listed" "$(ran)" '~/packages/a$ ls src,'
rm -rf packages/c/src
again
has "a folder goes" "$seen" '~/packages/c$ ls src'
has "... and its task fails" "$seen" "No such file or directory"
mkdir packages/c/src; echo 1 >packages/c/src/again
again
has "... until it comes again" "$seen" 'again'
mv packages/b/src packages/b/away; mkdir packages/b/src; echo 1 >packages/b/src/fresh
again
has "a folder in the place of another" "$seen" "fresh"
echo 1 >packages/b/src/fresher
again
has "... is watched like the first" "$seen" "fresher"
watched TERM
is "TERM ends it" "$rc" 143
finish
