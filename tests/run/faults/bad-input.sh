# Every bad input gets one clear sentence, the right exit code, and loses nothing.
. "${0%/*}/../../lib/functions.sh" || exit

# bad STORY RC WORDS...: checks that the last capture failed with RC, and with these words on a short stderr
bad() {
	local story=$1 want=$2 w
	shift 2
	is "$story: exit $want" "$rc" "$want"
	for w; do has "$story: says $w" "$err" "$w"; done
	[ "$(printf '%s\n' "$err" | wc -l)" -le 6 ]; ok "$story: in at most six lines" $?
	hasnt "$story: nothing ran" "$out" "ran-anyway"
}

workspace
capture vt run build
bad "no workspace at all" 1 "error: Package not found in workspace: \`$W\`"

file package.json '{"name":"root","workspaces":["packages/*"]}'
file packages/a/package.json '{"name":"a","scripts":{"build":"echo ran-anyway"'
capture vt run build
bad "a broken package.json" 1 "error: Failed to load task graph" "* Failed to load package graph" "packages/a/package.json:"
file packages/a/package.json '{"name":"a","scripts":{"build":5}}'
capture vt run -r build
bad "a script that is no text" 1 "packages/a/package.json:1:32"
file packages/a/package.json '{"name":"a","scripts":{"build":"echo ran-anyway"}}'

file pnpm-workspace.yaml 'packages: 5'
capture vt run -r build
bad "pnpm-workspace.yaml of a wrong shape" 1 "pnpm-workspace.yaml:1:11"
printf 'packages:\n  - "packages/*\n' >pnpm-workspace.yaml
capture vt run -r build
bad "pnpm-workspace.yaml that is no YAML" 1 "pnpm-workspace.yaml:"
rm pnpm-workspace.yaml

file packages/a/vite-task.json '{ "tasks": {
  "x": { "command": "echo ran-anyway", "inptu": [] }
} }'
capture vt run -r build
bad "an unknown key" 1 "* Failed to load task config file for package at $W/packages/a" "packages/a/vite-task.json:2:" "inptu"
file packages/a/vite-task.json '{ "tasks": { "x": '
capture vt run -r build
bad "a config cut short" 1 "packages/a/vite-task.json:"
: >packages/a/vite-task.json
capture vt run -r build
bad "an empty config" 1 "packages/a/vite-task.json:1:1"
printf '\0\0\0\377\376' >packages/a/vite-task.json
capture vt run -r build
bad "a config of binary" 1 "packages/a/vite-task.json:"
rm packages/a/vite-task.json

capture vt run -r nosuch
bad "an unknown task" 1 'error: Task "nosuch" not found'
capture vt run nosuch#build
bad "an unknown package" 1 "error: Package 'nosuch' not found in the workspace"
capture vt run --recursive --nope build
bad "an unknown flag before the task" 2 "error: unexpected argument '--nope' found"
capture vt run --log=foo build
bad "a bad value" 2 "error: invalid value 'foo' for '--log <LOG>'"
capture vt nosuchcommand
is "an unknown command: exit 2" "$rc" 2
has "an unknown command: says so" "$err" "nosuchcommand"

file packages/a/vite-task.json '{"tasks":{"x":"no-such-program --flag && echo ran-anyway","y":{"command":"echo ran-anyway","dependsOn":["z"]},"z":{"command":"echo ran-anyway","dependsOn":["y"]}}}'
capture vt run a#x
is "a missing program: exit 127" "$rc" 127
has "a missing program: says which, and where it was looked for" "$out$err" "Failed to find executable no-such-program under cwd $W/packages/a"
hasnt "a missing program: nothing after it ran" "$(tail -n +2 <<<"$out" | grep -x ran-anyway)" ran-anyway
capture vt run a#y
bad "a cycle" 1 "error: Cycle dependency detected: a#y -> a#z -> a#y"

# a task killed by a signal: its number, nothing stored
file packages/a/kill.sh 'kill -ABRT $$'
file packages/a/vite-task.json '{"tasks":{"die":{"command":"sh kill.sh","input":[]},"ok":{"command":"cat in.txt","input":["in.txt"]}}}'
file packages/a/in.txt content
capture vt run a#die
is "killed by a signal: 128 + its number" "$rc" 134
capture vt run a#die
hasnt "killed by a signal: not kept" "$out" "cache hit"

# a cache that cannot be written: the task still runs
if [ "$(id -u)" = 0 ]; then
	mkdir -p "$T/ro" && mount -t tmpfs -o ro,size=4k none "$T/ro" 2>/dev/null && cleanup "umount '$T/ro'" && ro=1 || ro=
else
	mkdir -p "$T/ro" && chmod 500 "$T/ro" && ro=1
fi
if [ -n "$ro" ]; then
	capture with VT_CACHE_DIR="$T/ro/cache" vt run a#ok
	is "a cache directory that cannot be written: the task runs" "$rc" 0
	has "... it prints" "$out" content
	is "... one warning tells it" "$(printf '%s\n' "$err" | grep -c '^warning: ')" 1
else
	skip "a cache directory that cannot be written" "no read-only file system can be mounted here"
fi
if [ "$(id -u)" = 0 ] && mkdir -p "$T/full" && mount -t tmpfs -o size=64k none "$T/full" 2>/dev/null; then
	cleanup "umount '$T/full'"
	mkdir "$T/full/cache" && dd if=/dev/zero of="$T/full/fill" bs=1k 2>/dev/null
	capture with VT_CACHE_DIR="$T/full/cache" vt run a#ok
	is "a full disk: the task runs" "$rc" 0
	has "... it prints" "$out" content
	[ "$(printf '%s\n' "$err" | grep -c '^warning: ')" -ge 1 ]; ok "... a warning tells it" $?
else
	skip "a full disk" "no file system can be mounted here"
fi
capture with VT_CACHE_DIR=relative vt run a#ok
bad "a relative cache directory" 1 VT_CACHE_DIR
# limits so low that libuv would end the program
for limit in "-n 10" "-n 31" "-v 12000" "-v 30000"; do
	capture base_env bash -c "ulimit $limit; exec '$VT' run a#ok"
	bad "ulimit $limit" 1 "see \`ulimit ${limit% *}\`"
done
capture base_env bash -c "ulimit -n 32; exec '$VT' run a#ok"
is "32 open files are enough for one task" "$rc$err" 0
capture base_env bash -c "ulimit -v 100000; exec '$VT' run a#ok"
is "100 MB of address space are enough" "$rc$err" 0
capture vt run a#ok
capture vt run a#ok
has "after all of that the cache still works" "$out" "cache hit, replaying"
finish
