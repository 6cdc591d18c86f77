# vt cache clean, vt cache stat, and the layout of the directory.
. "${0%/*}/../../lib/functions.sh" || exit
requires python3
workspace
file package.json '{"name":"r"}'
file vite-task.json '{"tasks":{"t":{"command":"/bin/true","input":[]}}}'
capture vt cache clean
is "cleaning a missing cache succeeds" "$rc:$out$err" 0:
capture vt cache stat
is "stat of a missing cache succeeds" "$rc" 0
vt run t >/dev/null; vt run t >/dev/null; vt run t >/dev/null
is "the folder is private" "$(stat -c %a .vt .vt/v2 .vt/store-2 | sort -u) $(find .vt -type f -printf '%m\n' | sort -u)" "700 600"
is "git ignores the folder" "$(cat .vt/.gitignore)" "*"
is "the folder is tagged as a cache" "$(head -1 .vt/CACHEDIR.TAG)" "Signature: 8a477f597d28d172789f06886806bc55"
capture vt cache stat
has "stat: hits" "$out" "hits        2 of 3 (66%)"
has "stat: entries" "$out" "entries     1"
capture vt cache stat --json
is "stat --json" "$(printf '%s' "$out" | python3 -c 'import json,sys,re; d=json.load(sys.stdin); print(d["version"], d["entries"], d["steps"], d["hits"], d["misses"], d["size"] > 500, d["bound"] > 1000, bool(re.match(r"\d{4}-\d\d-\d\d$", d["oldestUse"])), d["directory"][-4:])')" "1 1 1 2 1 True True True /.vt"
capture vt cache
is "vt cache alone: usage" "$rc" 2
has "... on stderr" "$err" "Clean up all the cache"
capture vt cache frobnicate
is "an unknown word is an error" "$rc" 2
echo mine >.vt/notes
capture vt cache clean
is "clean says nothing" "$rc:$out$err" 0:
is "... and leaves what is not vt's" "$(ls -A .vt)" notes
rm -rf .vt; mkdir .vt; echo mine >.vt/v1
capture vt cache clean
is "a folder without the tag: nothing is removed" "$rc:$(ls -A .vt)" 1:v1
if [ "$(id -u)" = 0 ]; then
	skip "a cache that cannot be read is an error" "root may look everywhere"
else
	chmod 0 .vt; capture vt cache clean; chmod 700 .vt
	is "a cache that cannot be read is an error" "$rc:$err" "1:error: cannot look into '$W/.vt': Permission denied"
fi
rm -rf .vt
with VT_CACHE_DIR="$T/elsewhere" vt run t >/dev/null
there "VT_CACHE_DIR puts the cache elsewhere" "$T/elsewhere/v2"
gone "... and nothing into .vt" .vt/v2
with VT_CACHE_DIR="$T/elsewhere" VITE_CACHE_PATH="$T/third" capture vt run t
has "VT_CACHE_DIR wins" "$out" '◉ cache hit'
with VITE_CACHE_PATH="$T/elsewhere" capture vt run t
has "VITE_CACHE_PATH: obeyed" "$out" '◉ cache hit'
cp -a "$T/elsewhere" "$T/copy"; mkdir "$T/clone"; cp package.json vite-task.json "$T/clone"; cd "$T/clone" || exit 99
with VT_CACHE_DIR="$T/copy" capture vt run t
has "a copied cache hits in another clone" "$out" '◉ cache hit'

# unfinished files of a killed run are removed after an hour, by the next run that executes a task
cd "$W" || exit 99
vt run t >/dev/null
litter='.vt/v2/history.AbCdEf .vt/v2/stat.aaaaaa .vt/v2/key.0123abcd .vt/last-summary.json.Qwerty'
touch -d '2 hours ago' $litter .vt/v2/other.things .vt/own.txt
touch .vt/v2/stat.Young1
file vite-task.json '{"tasks":{"t":{"command":"/bin/true","input":["package.json"]}}}'
vt run t >/dev/null
is "old unfinished files are removed" "$(ls $litter 2>/dev/null)" ""
is "new unfinished files and foreign files stay" "$(ls .vt/v2/stat.Young1 .vt/v2/other.things .vt/own.txt | wc -l)" 3
finish
