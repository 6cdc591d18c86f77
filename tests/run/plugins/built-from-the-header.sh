# A store and a part written from the installed header alone: built outside the tree,
# against a staged install, checked by the kit, used by the installed vt.
. "${0%/*}/../../lib/functions.sh" || exit
requires ${CC%% *} make pkg-config
stage=$T/stage
env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -s -C "$abs_top_builddir" install DESTDIR="$stage" >"$T/install" 2>&1
ok "make install" $? || sed 's/^/# /' "$T/install"
pc=$(find "$stage" -name vt-plugin.pc)
prefix=$(sed -n 's/^prefix=//p' "$pc")
export PKG_CONFIG_PATH=${pc%/*} PKG_CONFIG_SYSROOT_DIR=$stage
doc=$(find "$stage" -path '*/examples/store-memory.c')
cp -r "${doc%/*}" "$T/examples"
chmod -R u+w "$T/examples"
cd "$T/examples" || exit 99
targets="vt-store-small.so vt-part-small.so vt-store-memory.so vt-part-value.so vt-track-outputs.so"
command -v "${CXX:-c++}" >/dev/null && targets="$targets vt-part-value-cc.so"
make -s CC="$CC" CXX="${CXX:-c++}" CFLAGS="-O2 -Wall -Wextra -Werror" CXXFLAGS="-O2 -Wall -Wextra -Werror" $targets >"$T/make" 2>&1
ok "the examples build without a warning" $? || sed 's/^/# /' "$T/make"
VT=$stage$prefix/bin/vt
for so in $targets; do
	capture vt plugins check $so
	is "$so keeps its promises" "$rc $(printf '%s\n' "$out" | grep WRONG)" "0 "
done
is "vt-plugin-check: is the same program" "$(readlink -f "$stage$prefix/bin/vt-plugin-check")" "$(readlink -f "$VT")"
is "... and says the same" "$(base_env "$stage$prefix/bin/vt-plugin-check" vt-store-memory.so | tail -1)" "$(vt plugins check vt-store-memory.so | tail -1)"
is "vt-plugin.pc: tells where plugins go" "$(pkg-config --variable=plugindir vt-plugin | sed "s|^$stage||")" "$(cd "$stage" && find . -name vt-auto-output.so | sed 's|^\.||; s|/vt-auto-output.so||')"
$CC -shared -fPIC $(pkg-config --cflags vt-plugin) -Wl,--version-script="$(pkg-config --variable=map vt-plugin | sed "s|^$stage||; s|^|$stage|")" store-memory.c -o vt-one.so
is "with the map of the header a plugin exports one symbol" "$(nm -D --defined-only vt-one.so | awk '{ print $3 }')" vt_plugin_entry

home=$T/home/.local/share/$(pkg-config --variable=userplugindir vt-plugin)
mkdir -p "$home" && cp vt-*.so "$home" && rm "$home/vt-one.so"
workspace
file package.json '{"name":"root"}'
file in.txt one
config() { file vite-task.json "{\"plugins\": {$1}, \"tasks\": {\"t\": {\"command\": \"cat in.txt\", \"input\": [\"in.txt\"]}}}"; }
config '"stores": [{"use": "store-memory", "limit": "1 MiB"}]'
capture vt run t
is "a run with the memory store" "$rc$err" 0
capture vt run t
hasnt "... its results are gone when vt ends" "$out" "cache hit"
config '"stores": ["store-memory", "store-local"]'
vt run t >/dev/null
capture vt run t
has "the memory store before the local store: hits come from the local one" "$out" "cache hit"
config '"stores": [{"use": "store-memory", "limt": "1 MiB"}]'
capture vt run t
is "a wrong option: stops the run, and its place is told" "$rc $err" "1 error: vite-task.json:1:57: 'store-memory' has no option \`limt\`"
config '"stores": [{"use": "store-memory", "limit": "many"}]'
capture vt run t
has "a wrong value: stops the run, too" "$err" "option \`limit\` of 'store-memory' must be a size as 500 MiB or 10 GB"
config '"parts": {"part-value": {"field": "machine"}}'
vt run t >/dev/null
capture vt run t
has "with the part: the second run is a hit" "$out" "cache hit"
config '"parts": {"part-value": {"field": "sysname"}}'
capture vt run t
hasnt "... another value of its fact is a miss" "$out" "cache hit"
config '"stores": ["store-small"]'
vt run t >/dev/null
capture vt run t
has "the smallest store: keeps results from one run to the next" "$out" "cache hit"
config '"stores": ["store-small"], "parts": {"part-small": true}'
capture vt run t
hasnt "the smallest part: makes another key" "$out" "cache hit"
capture vt run t
has "... and the second run hits" "$out" "cache hit"
finish
