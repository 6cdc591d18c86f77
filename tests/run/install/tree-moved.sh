# An installed tree works wherever it stands: moved, copied, mounted, with odd names in its path, behind a link.
. "${0%/*}/../../lib/functions.sh" || exit
. "${0%/*}/../../lib/installed.sh"
stage "$T/first/vt"
libdir=$(cd "$T/first/vt" && find lib* -name plugins-1)
file "$T/task/package.json" '{"name":"app"}'
file "$T/task/vite-task.json" '{"tasks":{"show":{"command":"cat in"}}}'
file "$T/task/in" one
# works STORY TREE [PROGRAM]: a task runs, then hits, and each plugin is that tree's
works() {
	local n
	VT=${3:-$2/bin/vt}
	workspace
	cp "$T"/task/* .
	capture vt run show
	is "$1: a task runs" "$rc ${out%%$'\n'*}$err" '0 $ cat in'
	capture vt run show
	has "$1: the second run hits" "$out" "cache hit"
	capture vt plugins list
	n=$(printf '%s\n' "$out" | grep -c ' system *\(ready\|disabled\)')
	is "$1: all plugins are listed" "$n" "$(ls "$2/$libdir"/vt-*.so | wc -l)"
	capture vt plugins info store-local
	has "$1: all plugins are of this tree" "$out" "$(cd -P "$2" && pwd)/$libdir/vt-store-local.so"
}
works "staged" "$T/first/vt"
cp -a "$T/first/vt" "$T/copy"
works "copied" "$T/copy"
mkdir "$T/sp ace, ünïcode 文"
mv "$T/first/vt" "$T/sp ace, ünïcode 文/vt's"
works "moved below a name with spaces" "$T/sp ace, ünïcode 文/vt's"
mkdir -p "$T/tools"
ln -s "../sp ace, ünïcode 文/vt's/bin/vt" "$T/tools/vt"
works "behind a link" "$T/sp ace, ünïcode 文/vt's" "$T/tools/vt"
chmod o+w "$T/sp ace, ünïcode 文"
works "below a folder that everybody can write" "$T/sp ace, ünïcode 文/vt's"
mkdir "$T/unpacked"
tar -C "$T" -cf - copy | tar -C "$T/unpacked" -xf -
works "unpacked" "$T/unpacked/copy"
finish
