# Automatic inputs of a run, without any configuration.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
requires python3
run() { capture vt run --cache "$@"; out=$(printf '%s\n' "$out" | undated); }
replay='◉ cache hit, replaying'

# the same step in two packages, with the root as its folder
workspace different-cwd
pnpm folder1 folder2
tools
tool lint 'for d; do ls "$d"; cat "$d"/*.js; done'
for i in 1 2; do file packages/folder$i/vite-task.json '{"tasks":{"lint":{"command":"lint packages/folder1 packages/folder2","cwd":"../.."}}}'; file packages/folder$i/a.js "a$i"; done
run folder1#lint
is "one step in two packages: the first run of the first" "$(steps)" '~/packages/folder1/../..$ lint packages/folder1 packages/folder2'
run folder2#lint
is "one step in two packages: the second has the same key" "$(steps)" "~/packages/folder2/../..\$ lint packages/folder1 packages/folder2 $replay"
file packages/folder2/a.js changed
run folder1#lint
is "a changed file that the step reads: a miss" "$(steps)" "~/packages/folder1/../..\$ lint packages/folder1 packages/folder2 ○ cache miss: 'packages/folder2/a.js' modified, executing"
run folder2#lint
is "... the other package hits again" "$(steps)" "~/packages/folder2/../..\$ lint packages/folder1 packages/folder2 $replay"

workspace one
tools
tool list 'ls -A "$@"'
tool lint 'ls -A "$1"; cat "$1"/*.js 2>/dev/null; true'
file package.json '{"name":"r","scripts":{"lint":"lint .","bad":"fail 1","colon":"print-file a:b.txt","smoke":"print-file main.js","clean":"print cleaned","client":"print client","git":"list src .git","inner":"list src src/.git","link":"print-file link.txt","outside":"print-file ../outside.txt","two":"print-file test.txt"}}'
mkdir .git
run lint
file .git/foo.txt x
run lint
has ".git at the root is no input" "$out" "$replay"
file main.js one
run lint
is "a file that appears in a folder that was listed" "$(steps)" "\$ lint . ○ cache miss: 'main.js' added in workspace root, executing"
for i in 1 2; do
	run bad
	is "failing, again and again: no reason, no notice ($i)" "$rc:$out" '1:$ fail 1'
done
file a:b.txt x
run colon; run colon
is "a name with a colon" "$(steps)" "\$ print-file a:b.txt $replay"
run smoke
file main.js two
run smoke
is "a file that was read" "$out" '$ print-file main.js ○ cache miss: '"'main.js' modified, executing
two"
run clean; run clean
is "a script with the name of a command of vt" "$(steps)" "\$ print cleaned $replay"

file test.txt one
run two
file test.txt two
run two
is "inferred: modified" "$out" "\$ print-file test.txt ○ cache miss: 'test.txt' modified, executing
two"
rm test.txt
run two
is "inferred: removed" "$rc:$out:$err" "0:\$ print-file test.txt ○ cache miss: 'test.txt' removed from workspace root, executing:test.txt: not found"
run two
is "a removed file: the printed error is replayed" "$(steps):$err" "\$ print-file test.txt $replay:test.txt: not found"
file test.txt three
run two
is "inferred: added" "$(steps)" "\$ print-file test.txt ○ cache miss: 'test.txt' added in workspace root, executing"

file src/a x; mkdir -p src/.git
run git
touch src/.DS_Store .git/new
run git
has ".DS_Store and the root's .git: not listed" "$out" "$replay"
mkdir src/new
run git
is "other names: listed" "$(steps)" "\$ list src .git ○ cache miss: 'new' added in 'src', executing"
rmdir src/new
run git
has "... and removed again: the earlier result" "$out" "$replay"
rm src/a
run git
is "a removed file: the reason of a miss" "$(steps)" "\$ list src .git ○ cache miss: 'a' removed from 'src', executing"
run inner
touch src/.git/x
run inner
is "a .git further down counts" "$(steps)" "\$ list src src/.git ○ cache miss: 'x' added in 'src/.git', executing"
file ../outside.txt 1
run outside
file ../outside.txt 2
run outside
has "a file outside the workspace does not count" "$out" "$replay"
ln -s main.js link.txt
run link
file main.js three
run link
is "a link's target is told under the link's name" "$(steps)" "\$ print-file link.txt ○ cache miss: 'link.txt' modified, executing"

# kinds of input
file vite-task.json '{"tasks":{"neg":{"command":"print-file src/main.ts dist/output.js","input":[{"auto":true},"!dist/**"]},
"all":{"command":"print-file src/main.ts src/main.test.ts","input":["package.json",{"auto":true},"!**/*.test.ts"]},
"named":{"command":"print-file src/main.ts src/utils.ts","input":["src/main.ts"]},"read":"print-file src/main.ts",
"fspy":"print-env FSPY","nofspy":{"command":"print-env FSPY","input":["src/**"]},
"exists":{"command":"touch-new made.txt"},"mkdirs":"mk out/deep/file","odd":"odd"}}'
tool touch-new '[ -e "$1" ] || echo x >"$1"'
tool mk 'mkdir -p "$(dirname "$1")"; echo x >"$1"'
tool odd 'cat "$(printf "od\\377d\\nname")" 2>/dev/null; echo fine'
file src/main.ts x; file src/main.test.ts x; file dist/output.js x
capture vt run neg; file dist/output.js y; capture vt run neg
has "automatic and a negative: an excluded file" "$out" "$replay"
file src/main.ts y; capture vt run neg
has "automatic and a negative: another file" "$out" "cache miss: 'src/main.ts' modified"
capture vt run all; file src/main.test.ts y; capture vt run all
has "all three kinds: an excluded file" "$out" "$replay"
file package.json '{"name":"r","scripts":{"other":"x"}}'; capture vt run all
has "all three kinds: a file by pattern" "$out" "cache miss: 'package.json' modified"
file src/main.ts z; capture vt run all
has "all three kinds: a file that was read" "$out" "cache miss: 'src/main.ts' modified"
file src/utils.ts old
capture vt run named; capture vt run read
file src/utils.ts new
capture vt run named
is "a file that is read but not declared does not count" "$(printf '%s\n' "$out" | head -3)" "\$ print-file src/main.ts src/utils.ts $replay
z
old"
capture vt run read
is "automatic: a file that was not read: a hit" "$(steps)" "\$ print-file src/main.ts $replay"
file src/main.ts read; capture vt run read
is "automatic: a file that was read: a miss" "$(steps)" "\$ print-file src/main.ts ○ cache miss: 'src/main.ts' modified, executing"
capture vt run fspy
is "FSPY with automatic inputs" "$(printf '%s\n' "$out" | tail -1)" 1
capture vt run nofspy
is "no FSPY with explicit inputs" "$(printf '%s\n' "$out" | tail -1)" "(undefined)"
capture vt run mkdirs; hasnt "folders made on the way are no overlap" "$out" "not cached"
capture vt run mkdirs
has "... and no changed input" "$out" "$replay"
capture vt run exists
hasnt "looking for a file and then making it is no overlap" "$out" "not cached"
capture vt run exists
has "a product as the task left it: the second run hits" "$out" "$replay"
capture vt run odd; capture vt run odd
is "a malformed path does no harm" "$rc $(printf '%s\n' "$out" | sed -n 2p)" "0 fine"

# chunks of two streams are replayed in the order of the run
workspace chronological
file package.json '{"name":"r","scripts":{"writers":"python3 writers.py"}}'
file writers.py 'import os, subprocess, sys, time
if len(sys.argv) > 1:
    n = int(sys.argv[1])
    for i in range(1, 31):
        os.write(1 + (i + n) % 2, (str(n) * i + "\n").encode()); time.sleep(0.001)
else:
    for p in [subprocess.Popen([sys.executable, __file__, str(n)]) for n in range(4)]: p.wait()'
vt run --cache writers >"$T/cold" 2>&1
vt run --cache writers >"$T/first" 2>&1
vt run --cache writers >"$T/second" 2>&1
is "all lines of both streams were kept" "$(grep -c '^[0-3][0-3]*$' "$T/first") $(grep '^[0-3][0-3]*$' "$T/first" | sort | cksum)" "120 $(grep '^[0-3][0-3]*$' "$T/cold" | sort | cksum)"
undated <"$T/first" >"$T/a"; undated <"$T/second" | cmp -s - "$T/a"
ok "two replays are the same, to the byte" $?
is "... and in the order of the run" "$(grep '^[0-3][0-3]*$' "$T/first" | cksum)" "$(grep '^[0-3][0-3]*$' "$T/cold" | cksum)"
finish
