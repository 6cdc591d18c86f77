# Up to sixteen results of one command: flipping back is a hit; a miss is explained by the nearest result.
. "${0%/*}/../../lib/functions.sh" || exit
workspace
file package.json '{"name":"r"}'
file vite-task.json '{"tasks":{"t":{"command":"cat a b","input":["a","b","c"]}}}'
file b 0; file c 0
for i in $(seq 1 16); do file a "$i"; vt run t >/dev/null; done
hits=0
for i in $(seq 1 16); do file a "$i"; capture vt run t; case $out in *"◉ cache hit"*"
$i
0"*) hits=$((hits + 1));; esac; done
is "sixteen variants all hit with their own output" "$hits" 16
file a 17; vt run t >/dev/null
file a 1; capture vt run t
hasnt "the seventeenth replaces the least recently used" "$out" '◉'
file a 16; capture vt run t
has "the others are still hits" "$out" '◉ cache hit'

rm -rf .vt
file a 1; file b 1; file c 1; vt run t >/dev/null
file a 2; file b 2; file c 2; vt run t >/dev/null
file a 1; file b 1; file c 3
capture vt run t
has "the reason compares with the nearest result, not the newest" "$out" "○ cache miss: 'c' modified, executing"
finish
