# A folder in the place of a file of the cache: the run succeeds, and one line names each.
. "${0%/*}/../../lib/functions.sh" || exit
workspace
file package.json '{"name":"r"}'
file in one
file vite-task.json '{"tasks":{"t":{"command":"cat in","input":["in"]}}}'
vt run t >/dev/null 2>&1
format=$(cd .vt && echo v*)
for name in stat history ledger counts; do
	rm -f ".vt/$format/$name"
	mkdir -m 700 ".vt/$format/$name"
	capture vt run t
	is "$name: the run succeeds and says what to do" "$rc $err" "0 warning: '$W/.vt/$format/$name' is a folder where the cache has a file; remove it"
	rmdir ".vt/$format/$name"
done
rm -f ".vt/$format/counts"
mkfifo ".vt/$format/counts"
VT_TIMEOUT=60 capture vt run t
is "a pipe in the place of the counts is replaced" "$rc $err" "0 "
capture vt cache stat
is "... and read" $rc 0
finish
