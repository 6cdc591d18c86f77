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
is "a foreign part for variables: the task runs" "$rc$err" 0
capture with FOO=1 run env
has "... its results are hits" "$out" "cache hit, replaying"
capture with FOO=2 run env
has "... it tells changes in the same words" "$out" "○ cache miss: env 'FOO' changed, executing"

config '"env-tracking": false'
with FOO=1 run env >/dev/null
capture with FOO=1 run env
hasnt "no part for variables: a task with env never hits" "$out" "cache hit"
capture with FOO=1 run -v env
has "... the details say why" "$out" "Not cached: "

config '"output-restore": false, "foreign-archive": true'
capture run out
is "a foreign part for outputs: the task runs" "$rc$err" 0
rm -r dist
capture run out
has "... a hit restores them" "$out$(cat dist/out.txt)" "cache hit, replaying"
is "... as they were" "$(cat dist/out.txt)" one
mkdir "$T/forgetful"
$CC -shared -fPIC -Wall -Wextra -DFORGETFUL -I"$abs_top_srcdir/plugin-api" "$abs_top_srcdir/tests/plugins/foreign-archive.c" -o "$T/forgetful/vt-foreign-archive.so" || exit 99
rm dist/out.txt
VT_PLUGIN_PATH=$T/forgetful capture run out
is "a part that restores nothing and says it did: no hit" "$out" "\$ cp in.txt dist/out.txt ○ cache miss: the output 'dist/out.txt' was not put back, executing"
is "... the task runs" "$rc $(cat dist/out.txt)" "0 one"

config '"output-restore": false'
run out >/dev/null
capture run out
hasnt "no part for outputs: a task with output never hits" "$out" "cache hit"

config '"no-such-part": true'
capture run env
is "a part that is named and cannot be loaded: stops the run" "$rc" 1
has "... in a sentence" "$err" "no-such-part"
hasnt "... before the first task" "$out" "cat in.txt"
finish
