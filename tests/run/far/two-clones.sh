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
is "a run fills the store" "$rc$err$(hits)" 00
clone B
quiet
capture vt run next
is "another clone hits" "$rc$err" 0
has "and says where it came from" "$out" "cache hit (main), replaying"
is "each of its steps" "$(hits)" 2
is "the outputs are there" "$(cat out/a out/b) $(wc -c <out/big)" "zero
zero 300000"
is "with a call for what is known of the steps, and one for the blobs" "$(calls) $(calls put)" "2 0"
hasnt "what plugins report beside warnings is not shown" "$err" "it is a folder"
rm -rf .vt out
capture vt run -v next
is "but with -v" "$rc $err" "0 plugin 'main': it is a folder"
quiet
rm -rf out
capture vt run next
is "what came is near: nothing is asked any more" "$rc$err $(hits) $(calls) $(cat out/b)" "0 2 0 zero"
hasnt "and it is told as any hit" "$out" "(main)"
capture vt cache stat
has "hits from there are counted" "$out" "2 of them from far stores"
chmod 000 "$T/far"; rm -rf out
capture vt run next
is "nor when the store is away" "$rc$err $(hits)" "0 2"
chmod 700 "$T/far"

# b WHERE TEXT [TASK]: builds with this input
b() { cd "$1" || exit 99; file in.txt "$2"; capture vt run "${3:-build}"; }
A=$W B=$T/B
b "$B" three; b "$A" three
is "a clone that has built before gets what another built meanwhile" "$rc$err $(hits)" "0 1"
b "$B" X; b "$A" Y; b "$A" Z; b "$B" V
clone C; b "$T/C" X
is "results of two clones do not push each other out" "$rc$err $(hits)" "0 1"
for text in Y Z V three zero; do b "$T/C" $text; is "... $text" "$rc$err $(hits)" "0 1"; done
clone D
for i in 1 2 3 4 5 6 7 8; do b "$A" "v$i"; done
b "$T/D" v1
is "nor do many of one step" "$rc$err $(hits)" "0 1"

cd "$A" && file in.txt mode && with MODE=x capture vt run mode
cd "$B" && file in.txt mode && with MODE=x capture vt run mode
is "a variable with the same value in another clone" "$rc$err $(hits)" "0 1"
with MODE=y capture vt run mode
has "one with another" "$out" "env 'MODE' changed"

user '' "\"key\": \"$(printf '%064d' 8)\""
clone E
b "$T/E" three
is "another team finds nothing" "$rc$err $(hits)" "0 0"
user '' ''
clone F
b "$T/F" three
is "nor does somebody without the key" "$rc $(hits)" "0 0"
has "... who is told" "$err" "warning: plugin 'main': results are neither sealed nor signed here, so nothing is shared"

user
clone G
config '"build": {"command": "cp in.txt out", "input": ["in.txt"], "output": ["out"]}' '{"use": "store-of-somebody", "optional": true}'
b "$T/G" three
is "an optional store need not be there" "$rc$err" 0
config '"build": {"command": "cp in.txt out", "input": ["in.txt"], "output": ["out"]}' '"store-of-somebody"'
capture vt run build
has "another one must" "$rc $err" "1 error: Plugin 'store-of-somebody' cannot be used"

# far stores alone: vt's own stands beside them
file vite-task.json '{"plugins": {"stores": [{"use": "far-folder", "as": "main"}]}, "tasks": {"build": {"command": "cp in.txt out", "input": ["in.txt"], "output": ["out"]}}}'
rm -rf .vt out
capture vt run build
is "only a far store: the run is as any" "$rc$err" 0
user '"fault": "down"'; rm -f out
capture vt run build
is "... and its results are near" "$rc $err $(hits) $(ls out)" "0  1 out"
file vite-task.json '{"plugins": {"stores": [{"use": "store-of-somebody", "optional": true}]}, "tasks": {"build": {"command": "cp in.txt out", "input": ["in.txt"], "output": ["out"]}}}'
rm -f out
capture vt run build
is "... also where it is optional, and not there" "$rc $err $(hits) $(ls out)" "0  1 out"
finish
