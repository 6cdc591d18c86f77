# vt cache ls, show and verify tell what the cache holds, and whether it can be read back.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
requires jq
workspace
file package.json '{"name":"app"}'
file vite-task.json '{"tasks":{"show":{"command":"print-file in","input":["in"],"output":[]},"make":{"command":"make","input":["in"],"output":["dist/**"]},"bad":{"command":"fail 2","input":[]},"off":{"command":"print off","cache":false}}}'
tools
tool make 'mkdir -p dist/sub; cat in >dist/one; echo two >dist/sub/two; echo made'
file in first
for verb in ls verify "show make"; do
	capture vt cache $verb
	is "vt cache $verb before there is a cache" "$rc" 0
done
gone "no cache is made by asking" .vt
vt run show >/dev/null
capture vt cache verify
like "one of each kind: told in the singular" "$rc $out" "0 good     1 entry, 1 result, * blob* of * bytes
*"
vt run make >/dev/null; vt run bad >/dev/null; vt run off >/dev/null
file in second
vt run make >/dev/null
capture vt cache ls
is "ls: each command that ran, the last one first" "$(sed -E 's/^[-0-9]+ [:0-9]+  //; s/ +[0-9.]+m?s  / <dur> /' <<<"$out")" "kept <dur> app#make  make
failed <dur> app#bad  fail 2
kept <dur> app#show  print-file in"
is "ls --json" "$(vt cache ls --json | jq -c '.steps|map([.task,.fate])')" '[["app#make","kept"],["app#bad","failed"],["app#show","kept"]]'
capture vt cache show make
like "show: the results of a command, and what they keep" "$out" "app#make  * make
  2 results, the last used first
  ????????  *s, printed * bytes; depends on * files and 0 variables; keeps *
            dist/one
            dist/sub/two*"
is "show --json" "$(vt cache show make --json | jq -c '.steps[0].results|map(.outputs)')" '[["dist/one","dist/sub/two"],["dist/one","dist/sub/two"]]'
capture vt cache show bad
has "show: a command without a result" "$out" "nothing is kept under its present key"
capture vt cache show off
has "show: a command that is not cached" "$out" "is not cached"
capture vt cache verify
like "verify: all can be read back" "$rc $out" "0 good     2 entries, 3 results, * blobs of * bytes
damaged  0
missing  0"
is "verify --json" "$(vt cache verify --json | jq -c '[.entries,.results,.damaged,.missing]')" "[2,3,0,0]"
# flips a bit of a command's stored output
python3 - <<'P' || exit 99
import glob
for f in glob.glob(".vt/store-*/log"):
    b = bytearray(open(f, "rb").read())
    at = b.find(b"made\n")
    assert at >= 0
    b[at] ^= 1
    open(f, "r+b").write(b)
P
capture vt cache verify
is "verify: damage is found" "$rc $(jq -n --arg o "$out" '$o | test("damaged  0\nmissing  0") | not')" "1 true"
capture vt run make
is "... a run makes the damaged result again" "$rc $(grep -c made <<<"$out")" "0 1"
capture vt cache verify
is "... and is good" "$(grep -c 'damaged  0' <<<"$out")" 1
capture vt cache nosuch
is "an unknown verb: an error" "$rc ${err%%$'\n'*}" "2 error: unrecognized subcommand 'nosuch'"
capture vt cache show
is "show without a task: an error" "$rc ${err%%$'\n'*}" "2 error: the following required arguments were not provided:"
capture vt cache ls x
is "ls with a task: an error" "$rc ${err%%$'\n'*}" "2 error: unexpected argument 'x' found"
file vite-task.json '{"tasks":{"one":{"command":"make","input":["in"],"output":["dist/one"],"env":["ONE"]}}}'
with ONE=1 vt run one >/dev/null
capture with ONE=1 vt cache show one
has "one of a kind: told in the singular" "$out" " files and 1 variable; keeps 1 file, left "
finish
