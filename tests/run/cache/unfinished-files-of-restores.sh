# A vt that is killed while it writes files beside their final places, as it does with a cache on another file system,
# leaves temporary files. These are no outputs, and a later restore removes them.
. "${0%/*}/../../lib/functions.sh" || exit
far=$(mktemp -d /dev/shm/vt-test-XXXXXX 2>/dev/null) || { skip "all" "no /dev/shm"; finish; exit; }
cleanup "rm -rf '$far'"
workspace
[ "$(stat -c %d .)" != "$(stat -c %d "$far")" ] || { skip "all" "/dev/shm is on the same file system"; finish; exit; }
file package.json '{"name":"r"}'
file in 1
file vite-task.json '{"tasks":{"t":{"command":"sh t.sh","input":["in"],"output":["dist/**"]}}}'
file t.sh 'mkdir -p dist; cp in dist/out'
run() { with VT_CACHE_DIR="$far/c" capture vt run -vv t; }
mkdir dist
echo half >dist/.vt-0123456789abcdef.tmp
run
is "the task runs" "$rc:$(cat dist/out)" 0:1
hasnt "the file is no output" "$out" ".vt-0123"
rm -rf dist; run
is "a hit brings the output back, and that alone" "$(printf '%s' "$out" | grep -c 'cache hit, replaying'):$(ls -A dist)" 1:out
echo 2 >in; run; echo 1 >in; touch -d '2 hours ago' in
echo half >dist/.vt-0123456789abcdef.tmp; touch -d '2 hours ago' dist/.vt-0123456789abcdef.tmp
echo now >dist/.vt-fedcba9876543210.tmp
run
is "a later restore removes what is old" "$rc:$(cat dist/out):$(ls -A dist | tr '\n' ' ')" "0:1:.vt-fedcba9876543210.tmp out "
finish
