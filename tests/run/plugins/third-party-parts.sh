# Parts by third parties take the place of the shipped ones.
. "${0%/*}/../../lib/functions.sh" || exit
requires ${CC%% *}
export VT_PLUGIN_PATH="$abs_top_builddir/tests/plugins/.libs"
run() { with VT_PLUGIN_PATH="$VT_PLUGIN_PATH" vt run "$@"; }
workspace
file package.json '{"name":"root"}'
file in.txt one
mkdir -p dist
config() { file vite-task.json "{\"plugins\": {\"parts\": {$1}}, \"tasks\":{
	\"env\": {\"command\": \"cat in.txt\", \"input\": [\"in.txt\"], \"env\": [\"FOO\"]},
	\"out\": {\"command\": \"cp in.txt dist/out.txt\", \"input\": [\"in.txt\"], \"output\": [\"dist/**\"]}}}"; }

config '"env-tracking": false, "foreign-env": true'
capture with FOO=1 run env
is "a foreign part answers for variables" "$rc$err" 0
capture with FOO=1 run env
has "its results are hits" "$out" "cache hit, replaying"
capture with FOO=2 run env
has "and it tells changes in the same words" "$out" "○ cache miss: env 'FOO' changed, executing"

config '"env-tracking": false'
with FOO=1 run env >/dev/null
capture with FOO=1 run env
hasnt "with nobody to answer for variables a task with env is never a hit" "$out" "cache hit"
capture with FOO=1 run -v env
has "and the details say so" "$out" "Not cached: "

config '"output-restore": false, "foreign-archive": true'
capture run out
is "a foreign part keeps outputs" "$rc$err" 0
rm -r dist
capture run out
has "they are restored on a hit" "$out$(cat dist/out.txt)" "cache hit, replaying"
is "as they were" "$(cat dist/out.txt)" one
mkdir "$T/forgetful"
$CC -shared -fPIC -Wall -Wextra -DFORGETFUL -I"$abs_top_srcdir/plugin-api" "$abs_top_srcdir/tests/plugins/foreign-archive.c" -o "$T/forgetful/vt-foreign-archive.so" || exit 99
rm dist/out.txt
VT_PLUGIN_PATH=$T/forgetful capture run out
is "one that puts back none of them and says it did: no hit" "$out" "\$ cp in.txt dist/out.txt ○ cache miss: the output 'dist/out.txt' was not put back, executing"
is "... so the task has run" "$rc $(cat dist/out.txt)" "0 one"

config '"output-restore": false'
run out >/dev/null
capture run out
hasnt "with nobody to keep outputs a task with output is never a hit" "$out" "cache hit"

config '"no-such-part": true'
capture run env
is "a part that is named and cannot be had stops the run" "$rc" 1
has "in words" "$err" "no-such-part"
hasnt "before the first task" "$out" "cat in.txt"
finish
