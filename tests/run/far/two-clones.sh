# Two clones of one workspace, in different folders, share results through a far store.
. "${0%/*}/../../lib/functions.sh" || exit
. "${0%/*}/../../lib/far.sh" || exit
workspace
file package.json '{"name":"root"}'
file in.txt zero
config '"build": {"command": "mkdir -p out; cp in.txt out/a; head -c 300000 /dev/zero >out/big; echo built", "input": ["in.txt"], "output": ["out/**"]},
	"next": {"command": "cat out/a >out/b && cat out/b", "dependsOn": ["build"], "input": ["out/a"], "output": ["out/b"]},
	"mode": {"command": "echo in $MODE", "input": ["in.txt"], "env": ["MODE"]}'
user
capture vt run next
is "the first clone: fills the store" "$rc$err$(hits)" 00
clone B
quiet
capture vt run next
is "the second clone: hits" "$rc$err" 0
has "... and the line names the store" "$out" "cache hit (main), replaying"
is "... in each of its steps" "$(hits)" 2
is "... with the outputs in place" "$(cat out/a out/b) $(wc -c <out/big)" "zero
zero 300000"
is "with a call for what is known of the steps, and one for the blobs" "$(calls) $(calls put)" "2 0"
hasnt "... without the plugin's own reports" "$err" "it is a folder"
rm -rf .vt out
capture vt run -v next
is "... which -v shows" "$rc $err" "0 plugin 'main': it is a folder"
quiet
rm -rf out
capture vt run next
is "a second run there: asks the store for nothing" "$rc$err $(hits) $(calls) $(cat out/b)" "0 2 0 zero"
hasnt "... and is told as any hit" "$out" "(main)"
capture vt cache stat
has "vt cache stat: counts hits of far stores" "$out" "2 of them from far stores"
chmod 000 "$T/far"; rm -rf out
capture vt run next
is "a store that is away: a hit all the same" "$rc$err $(hits)" "0 2"
chmod 700 "$T/far"

# b WHERE TEXT [TASK]: builds with this input
b() { cd "$1" || exit 99; file in.txt "$2"; capture vt run "${3:-build}"; }
A=$W B=$T/B
b "$B" three; b "$A" three
is "a clone that has built before: gets what another built meanwhile" "$rc$err $(hits)" "0 1"
b "$B" X; b "$A" Y; b "$A" Z; b "$B" V
clone C; b "$T/C" X
is "results of two clones: both are found" "$rc$err $(hits)" "0 1"
for text in Y Z V three zero; do b "$T/C" $text; is "... $text" "$rc$err $(hits)" "0 1"; done
clone D
for i in 1 2 3 4 5 6 7 8; do b "$A" "v$i"; done
b "$T/D" v1
is "many results of one step: all are found" "$rc$err $(hits)" "0 1"

cd "$A" && file in.txt mode && with MODE=x capture vt run mode
cd "$B" && file in.txt mode && with MODE=x capture vt run mode
is "a variable with the same value in another clone: a hit" "$rc$err $(hits)" "0 1"
with MODE=y capture vt run mode
has "a variable with another value: a miss" "$out" "env 'MODE' changed"

user '' "\"key\": \"$(printf '%064d' 8)\""
clone E
b "$T/E" three
is "another team: no hit" "$rc$err $(hits)" "0 0"
user '' ''
clone F
b "$T/F" three
is "a reader without the key: no hit" "$rc $(hits)" "0 0"
has "... and a line tells why" "$err" "warning: plugin 'main': results are neither sealed nor signed here, so nothing is shared"

user
clone G
config '"build": {"command": "cp in.txt out", "input": ["in.txt"], "output": ["out"]}' '{"use": "store-of-somebody", "optional": true}'
b "$T/G" three
is "an optional store that is not there: no error" "$rc$err" 0
config '"build": {"command": "cp in.txt out", "input": ["in.txt"], "output": ["out"]}' '"store-of-somebody"'
capture vt run build
has "a required store that is not there: an error" "$rc $err" "1 error: Plugin 'store-of-somebody' cannot be used"

# far stores alone in the list: vt adds its own store
file vite-task.json '{"plugins": {"stores": [{"use": "far-folder", "as": "main"}]}, "tasks": {"build": {"command": "cp in.txt out", "input": ["in.txt"], "output": ["out"]}}}'
rm -rf .vt out
capture vt run build
is "a far store alone in the list: the run is as any" "$rc$err" 0
user '"fault": "down"'; rm -f out
capture vt run build
is "... its results are in the near store" "$rc $err $(hits) $(ls out)" "0  1 out"
file vite-task.json '{"plugins": {"stores": [{"use": "store-of-somebody", "optional": true}]}, "tasks": {"build": {"command": "cp in.txt out", "input": ["in.txt"], "output": ["out"]}}}'
rm -f out
capture vt run build
is "... also where it is optional, and not there" "$rc $err $(hits) $(ls out)" "0  1 out"
finish
