# Tasks that run themselves end with one sentence and the chain; the root's task that runs
# everything by another runner does not run everything twice.
. "${0%/*}/../../lib/functions.sh" || exit
PATH=$(dirname "$VT"):$PATH
says() { is "$1: fails" "$rc" 1; is "$1: tells the chain" "$(grep -h '^error:' "$T/out" "$T/err" | sort -u)" "$2"; }
# how often a file has a line
times() { [ -e "$1" ] && wc -l <"$1" || echo 0; }

workspace
file package.json '{"name":"r","scripts":{"a":"vt run a","b":"vt run c","c":"vt run b"}}'
capture vt run a
says "a script that is its own vt run" "error: The task r#a does nothing but run itself: r#a -> r#a"
capture vt run b
like "two tasks that run each other: fail" "$err" "*Detected a recursion in task call stack: the last frame calls the 1th frame*"

file package.json '{"name":"r","scripts":{"x":"sh loop.sh","y":"sh twice.sh","z":"node -e 0 && sh loop.sh"}}'
file loop.sh 'echo >>times; exec vt run x'
capture with VT_TIMEOUT=60 vt run x
says "a task that runs itself through a shell script" "error: The task r#x runs itself without end: r#x -> r#x -> r#x"
is "... after the second round" "$(times times)" 2
file twice.sh 'test -n "$INNER" && { echo INSIDE; exit; }; INNER=1 vt run y'
capture vt run y
is "a task that runs itself once: ends well" "$rc $(grep -c INSIDE <<<"$out")" "0 1"
mkdir -p "$T/other" && (cd "$T/other" && file package.json '{"name":"r","scripts":{"x":"echo OTHER"}}')
file loop.sh "cd $T/other && exec vt run x"
capture vt run x
is "a task of that name in another workspace: another task" "$rc $(grep -c '^OTHER' <<<"$out")" "0 1"

# the same in cached tasks, which get few variables
file vite-task.json '{"cache":true}'
rm -f times
file loop.sh 'echo >>times; exec vt run x'
capture with VT_TIMEOUT=60 vt run x
says "a cached task that runs itself" "error: The task r#x runs itself without end: r#x -> r#x -> r#x"
rm vite-task.json

# a process that asks for everything does not get its own task again
pnpm a
file package.json '{"name":"r","scripts":{"build":"sh all.sh"}}'
file packages/a/package.json '{"name":"a","scripts":{"build":"echo >>built"}}'
file all.sh 'exec vt run -r build'
capture with VT_TIMEOUT=60 vt run build
is "a build script that runs all builds: ends well" "$rc $(times packages/a/built)" "0 1"

# odd folders in the chain
workspace 'a:b%c'
file package.json '{"name":"r","scripts":{"x":"sh loop.sh"}}'
file loop.sh 'exec vt run x'
capture with VT_TIMEOUT=60 vt run x
says "a task that runs itself in a folder with a colon" "error: The task r#x runs itself without end: r#x -> r#x -> r#x"

workspace
file package.json '{"name":"r","scripts":{"a":"npm run b","b":"echo hi && npm run -s c","c":"npm run a","d":"npm run a","s":"npm test","test":"npm run s"}}'
for pm in npm pnpm yarn; do
	file package.json "{\"name\":\"r\",\"scripts\":{\"a\":\"$pm run b\",\"b\":\"echo hi && $pm run c\",\"c\":\"$pm run a\",\"d\":\"$pm run d\",\"e\":\"$pm run f\",\"f\":\"vt run e\",\"g\":\"node g.js && $pm run g\"}}"
	capture vt run a
	says "scripts that call each other by $pm" "error: The task r#a runs itself without end: r#a -> r#b -> r#c -> r#a"
	capture vt run d
	says "a script that calls itself by $pm" "error: The task r#d runs itself without end: r#d -> r#d"
	capture vt run e
	says "scripts that call each other by $pm and by vt" "error: The task r#e runs itself without end: r#e -> r#f -> r#e"
	# an earlier command may end it: as by the package manager alone
	file g.js "const fs = require('fs'); fs.appendFileSync('g', '.'); process.exit(fs.readFileSync('g').length > 2 ? 7 : 0)"
	rm -f g
	type -P $pm >/dev/null && type -P node >/dev/null || { skip "a script that calls itself by $pm until something fails" "$pm is not installed"; continue; }
	capture with VT_TIMEOUT=60 vt run g
	is "a script that calls itself by $pm until something fails: goes on until then" "$rc $(cat g)" "7 ..."
done
if type -P npm >/dev/null && type -P node >/dev/null; then
	file package.json '{"name":"r","scripts":{"a":"node a.js","b":"vt run a"}}'
	file a.js 'process.exit(require("child_process").spawnSync("npm", ["run", "-s", "b"], { stdio: "inherit" }).status)'
	capture with VT_TIMEOUT=60 vt run a
	is "a loop through npm that no command shows: fails" "$rc" 1
	has "... and tells the chain" "$out$err" "error: The task r#a runs itself without end: r#a -> r#a -> r#a"
else
	skip "a loop through npm that no command shows" "npm is not installed"
fi

# --- the root's task that runs everything ---
workspace
file package.json '{"name":"r","workspaces":["packages/*"],"scripts":{"build":"echo by-turbo >>root && turbo run build","test":"turbo run test","lint":"echo LINT"}}'
file packages/a/package.json '{"name":"a","scripts":{"build":"echo >>built","lint":"echo a"}}'
capture vt run -r build
is "-r: the root's task that runs everything is left out" "$rc $(times packages/a/built) $(times root)" "0 1 0"
is "... and one line tells it" "$err" 'The root'"'"'s task "build" is left out: its command runs "build" in the packages itself, by `turbo run build`; -w runs it'
capture vt run --log=interleaved -r lint
is "a root's task that runs nothing else: stays" "$rc $(grep -c '^LINT' <<<"$out") $err" "0 1 "
capture vt run -r -F r --dry-run build
is "a filter that names the root: its task runs" "$rc $(steps | grep -c turbo)" "0 1"
capture vt run --dry-run build
is "a run in the root: its task runs" "$rc $(steps | grep -c turbo)" "0 1"
capture vt run -r --dry-run test
is "no package has the task: the root's runs" "$rc $(steps | grep -c turbo) $err" "0 1 "
file package.json '{"name":"r","workspaces":["packages/*"],"scripts":{"build":"vt run -r build"}}'
capture vt run -r build
is "vt itself in the root's task: no other runner" "$rc $(times packages/a/built) $err" "0 2 "
finish
