# Clones share results in a folder: whole or not at all, bounded, with the modes of the folder.
. "${0%/*}/../../lib/functions.sh" || exit
. "${0%/*}/../../lib/stores.sh" || exit
tasks='"build": {"command": "mkdir -p out; cp in.txt out/a; head -c 300000 /dev/urandom >out/big; echo built", "input": ["in.txt"], "output": ["out/**"]}'
workspace
file package.json '{"name":"root"}'
file in.txt zero
project store-folder "$tasks"
S=$T/shared
team "\"dir\": \"$S\""
objects() { find "$S" -path "$S/tmp" -prune -o -type f -size +0 -print; }
# b WHERE TEXT: builds there with this input
b() { cd "$1" || exit 99; file in.txt "$2"; rm -rf out; capture vt run build; }

mkdir -m 2770 "$S"
b "$W" zero
is "a first run succeeds" "$rc$err" 0
big=$(sha256sum <out/big)
is "files have the mode of the folder" "$(objects | xargs stat -c %a | sort -u)" 660
is "... folders have it, too" "$(find "$S" -type d -print0 | xargs -0 stat -c %a | sort -u)" 2770
is "no unfinished file stays" "$(find "$S/tmp" -type f | wc -l)" 0
a_clone_hits

# files that may stand there instead of an object
clone C; objects | while read -r f; do printf x >"$f"; done
b "$T/C" zero
is "damaged objects: no result" "$rc$(hits)" 00
b "$W" one
clone D; objects | while read -r f; do rm "$f"; ln -s /dev/zero "$f"; done
b "$T/D" one
is "links in place of objects: no result" "$rc$(hits)" 00
b "$W" two
clone E; objects | while read -r f; do rm "$f"; mkfifo "$f"; done
b "$T/E" two
is "pipes in place of objects: no result, and no wait" "$rc$(hits)" 00
rm -rf "$S"; mkdir "$S"

# age and size
b "$W" old
is "a result is in the folder" "$rc$((  $(objects | wc -l) > 3 ))" 01
find "$S" -type f -exec touch -d '40 days ago' {} +; mkdir -p "$S/tmp"; touch -d '40 days ago' "$S/tmp/left"; touch "$S/tmp/now"
touch -d '2 hours ago' "$S/collected"
b "$W" new
is "results that were not used for long: removed" "$(find "$S" -type f -mtime +20 | wc -l)" 0
is "files that killed writers left: removed, but not that of a living one" "$(ls "$S/tmp")" now
team "\"dir\": \"$S\", \"size\": \"1 MB\""
for i in 1 2 3 4 5 6 7 8; do touch -d '2 hours ago' "$S/collected"; b "$W" "size $i"; is "run $i" "$rc$err" 0; done
ok "more than the size allows: old results are removed" $(($(du -sk "$S" | cut -f1) > 1400))
clone F; b "$T/F" "size 8"
is "... and the newest stays" "$rc$(hits)" 01

# a folder that is missing, that may not be written, that is full
team "\"dir\": \"$T/none/none\""
b "$W" away
is "a folder that is not there: the task runs" "$rc $(grep -c . <<<"$err")" "0 1"
has "... and the line names the folder and the reason" "$err" "$T/none/none: the folder cannot be opened: No such file or directory"
team '"dir": "relative"'
b "$W" relative
has "a relative folder: an error" "$err" "must be an absolute path"
finish
