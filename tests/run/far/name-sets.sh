# A step whose runs read different files: a result that no hint leads to is found from the names that its runs read.
. "${0%/*}/../../lib/functions.sh" || exit
. "${0%/*}/../../lib/far.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
workspace
tools
traced
file package.json '{"name":"root"}'
for i in 1 2 3 4 5 6 7 8; do file "data-$i" "$i"; done
config '"pick": {"command": "cat $(cat which)", "output": []}'
user
for i in 1 2 3 4 5 6 7 8; do
	file which "data-$i"
	capture vt run pick
done
is "six runs with other inputs: each has its result" "$rc$err $(ls "$T/far" | grep -c '^3-')" "0 8"
# found N: runs the task in a fresh clone, with the input of the Nth run
found() { cd "$W"; rm -rf "$T/x"; clone x; file which "data-$1"; quiet; capture vt run pick; }
found 8
is "the newest result: found by a hint" "$rc$err $(hits) $(calls 'get_many 3')" "0 1 0"
found 1
is "the oldest result: found by its name set" "$rc $err $(hits) $out" "0  1 ${out}"
has "... and replayed" "$out" "1"
is "... with one call for all sets, and one for all names" "$(calls 'get_many 3') $(grep -E 'get_many 1 [0-9]+' "$T/log" | awk '$3 >= 7' | wc -l)" "1 1"
# without the sets there is no hit, and no error
rm -f "$T/far"/1-*
found 2
is "without name sets: the task runs" "$rc$err $(hits)" "0 0"
has "... with its own output" "$out" "2"
finish
