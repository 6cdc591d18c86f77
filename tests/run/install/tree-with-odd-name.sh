# Below a name with blanks or colons, which LD_PRELOAD cannot hold, tasks are watched with the library of vt as elsewhere.
. "${0%/*}/../../lib/functions.sh" || exit
. "${0%/*}/../../lib/installed.sh"
stage "$T/plain"
where=$T/run/vt                              # the private folder, below XDG_RUNTIME_DIR
# loaded STORY TREE: a task has the library of that tree, and hits
loaded() {
	VT=$2/bin/vt
	workspace
	file package.json '{"name":"app"}'
	file vite-task.json '{"tasks":{"show":{"command":"cat in /proc/self/maps"},"value":{"command":"printenv LD_PRELOAD"}}}'
	file in one
	capture vt run show
	is "$1: the library is loaded" "$rc$err $(printf '%s\n' "$out" | grep -cF "$(cd -P "$2" && pwd)/" | sed 's/[1-9][0-9]*/n/')" "0 n"
	capture vt run show
	has "$1: the second run hits" "$out" "cache hit"
}
listed() { vt run value | grep -a shim; }
loaded "a plain name" "$T/plain"
has "... is listed as it is" "$(listed)" "$T/plain/"
is "... without a link" "$(compgen -G "$where/vt-lib-*")" ""
for name in "a b" "a:b" "a b/c:d e" 'ünïcode ö: "x"'; do
	mkdir -p "$T/$name"
	cp -a "$T/plain" "$T/$name/vt"
	loaded "$name" "$T/$name/vt"
	like "$name: a link is listed" "$(listed)" "$where/vt-lib-????????????????????????????????/*"
	[[ $(listed) != *[\ :]* ]]; ok "$name: ... without blanks and colons" $?
done
links() { find "$where" -name 'vt-lib-*' | wc -l; }
is "each tree: one link" "$(links)" 4
rm -rf "$T/a b" "$T/a:b"
loaded "a plain name" "$T/plain"
is "links to trees that are gone: removed by the next run" "$(links)" 1

# another file in the link's place
cp -a "$T/plain" "$T/a tree"
loaded "a tree" "$T/a tree"
link=$(listed)
link=$where/$(printf '%s\n' "${link#"$where"/}" | cut -d/ -f1)
mkdir "$T/evil"
ln -sfn "$T/evil" "$link"
loaded "a link that leads elsewhere is set right" "$T/a tree"
is "... to the tree" "$(readlink "$link")" "$T/a tree"
rm "$link"
mkdir "$link"
loaded_without() {
	VT=$2/bin/vt
	rm -rf .vt
	capture vt run show
	is "$1: the task runs" "$rc$err" 0
	capture vt run show
	has "$1: the second run hits" "$out" "cache hit"
}
loaded_without "a folder in the link's place" "$T/a tree"
rm -rf "$link"
# a folder that others can write is not used, nor one with a blank in its own path
mkdir -p "$T/x/vt" "$T/t m p"
chmod 777 "$T/x" "$T/x/vt"
with XDG_RUNTIME_DIR="$T/x" TMPDIR="$T/t m p" loaded "no folder that others can write" "$T/a tree"
is "... gets a link" "$(compgen -G "$T/x/vt/vt-lib-*")" ""
is "... no link whose name has blanks" "$(compgen -G "$T/t m p/vt-*/vt-lib-*")" ""
# a task that gives up its user can no longer follow the link, and says nothing
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	file vite-task.json '{"tasks":{"drop":{"command":"setpriv --reuid=65533 --regid=65533 --clear-groups cat /proc/self/maps"}}}'
	chmod 755 "$T"
	capture vt run drop
	is "a task that gives up its user: runs" "$rc$err" 0
	hasnt "... without a message of the loader" "$out" "cannot be preloaded"
else
	skip "a task that gives up its user" "this needs root"
fi
finish
