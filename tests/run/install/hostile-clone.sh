# An installed vt loads nothing from a clone that looks like an installation of vt.
. "${0%/*}/../../lib/functions.sh" || exit
. "${0%/*}/../../lib/installed.sh"
requires ${CC%% *}
stage "$T/system"
libdir=$(cd "$T/system" && find lib* -name plugins-1)
libexec=$(cd "$T/system" && dirname "$(find lib* -name vt-supervisor)")
workspace
file package.json '{"name":"app"}'
file vite-task.json '{"tasks":{"show":{"command":"cat in"}}}'
file in one
# each of these leaves a file if vt loads or runs it
file "$T/mark.c" "#include <fcntl.h>
__attribute__((constructor)) static void mark(void) { open(\"$T/loaded\", O_CREAT | O_WRONLY, 0666); }
int main(void) { return 0; }"
$CC -shared -fPIC -w "$T/mark.c" -o "$T/mark.so" && $CC -w "$T/mark.c" -o "$T/mark" || exit 99
"$T/mark" && [ -e "$T/loaded" ] && rm "$T/loaded" || exit 99
places=(. bin core build build/core node_modules node_modules/.bin node_modules/@vt/linux-x64 node_modules/vt .vt)
for p in "${places[@]}"; do
	mkdir -p "$p/$libdir/shim.d" "$p/plugins-1" "$p/$libexec" "$p/plugin-api/client" "$p/bin"
	for n in store-local trace-linux fingerprint-content auto-input evil; do
		cp "$T/mark.so" "$p/$libdir/vt-$n.so"
		cp "$T/mark.so" "$p/plugins-1/vt-$n.so"
	done
	cp "$T/mark.so" "$p/${libdir%/*}/vt-node.node"
	cp "$T/mark.so" "$p/plugin-api/client/vt-node.node"
	cp "$T/mark" "$p/$libexec/vt-supervisor"
	cp "$T/mark" "$p/vt-supervisor"
done
rm -rf .vt
ln -s "$T/system/bin/vt" node_modules/.bin/vt
cp "$T/system/bin/vt" "$T/alone"
try() {                                      # try STORY FOLDER PROGRAM
	cd "$W/$2" || exit 99
	VT=$3
	capture vt plugins list
	hasnt "$1: no plugin of the clone is listed" "$out" evil
	capture vt run show
	is "$1: the task runs" "$rc ${out##*\$ }" "0 cat in"$'\n'one
	capture vt run show
	cd "$W" || exit 99
	rm -rf .vt
	gone "$1: nothing of the clone is loaded" "$T/loaded"
}
try "from the root" . "$T/system/bin/vt"
try "from a folder like a program's" bin "$T/system/bin/vt"
try "from the folder of a build" core "$T/system/bin/vt"
try "through a link in the clone" . "$W/node_modules/.bin/vt"
finish
