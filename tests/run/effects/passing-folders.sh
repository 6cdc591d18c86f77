# A folder that a task makes and takes away again: what stood in it before would have been listed and removed, too. Each run
# is compared with the same commands by hand, in a twin of the workspace.
. "${0%/*}/../../lib/functions.sh" || exit
mkdir "$T/bin" "$T/twin"
cp "$abs_top_builddir/tests/lib/play" "$T/bin/play"
PATH=$T/bin:$PATH
lists='play a write:dist/y:s list:dist rimraf:dist' after='play b write:dist/x:k'
workspace
file package.json '{"name":"r"}'
file vite-task.json '{"tasks":{"a":{"command":"'"$lists"'"},"b":{"command":"'"$after"'","dependsOn":["a"],"output":["dist/**"]},
	"moved":{"command":"mkdir -p stage && play n write:stage/one:s && rm -rf out && mv stage out"}}}'
by_hand() { (cd "$T/twin" && "$@" 2>&1); }
printed() { printf '%s\n' "$out" | grep "^$1 "; }
states() { (cd "$1" && find . -path ./.vt -prune -o -type f ! -name '*.json' -print | sort | xargs -r md5sum); }
for run in first second third; do
	want=$(by_hand $lists; by_hand $after)
	capture vt run b
	is "a folder is made, listed and removed, another task puts a file there: the $run run prints what it prints by hand" "$(printed a; printed b)" "$want"
	is "... and leaves the same" "$(states .)" "$(states "$T/twin")"
done
capture vt run b
has "the same again: hits" "$out" "2/2 cache hit"

# made, and moved to its place
stage() { mkdir -p stage && play n write:stage/one:s && rm -rf out && mv stage out; }
rm -rf "$T/twin"/*; rm -rf dist
by_hand stage >"$T/by-hand"; capture vt run moved
is "a folder is made and moved: as by hand" "$(states .)" "$(states "$T/twin")"
capture vt run moved
has "... and a hit" "$out" "cache hit"
for d in . "$T/twin"; do mkdir "$d/stage"; echo left >"$d/stage/over"; done
by_hand stage >"$T/by-hand"; capture vt run moved
is "something was left over where it is made: as by hand" "$(states .)" "$(states "$T/twin")"
finish
