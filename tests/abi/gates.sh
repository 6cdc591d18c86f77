# The gates notice: each of them on a copy that was broken on purpose.
. "$abs_top_srcdir/tests/lib/functions.sh"
requires ${CC%% *}
mkdir -p "$T/src/tests/lib" "$T/src/plugin-api" "$T/build/plugins-1"
cp "$abs_top_srcdir/tests/lib/functions.sh" "$T/src/tests/lib/"
cp -r "$abs_top_srcdir/tests/abi" "$T/src/tests/"
header=$T/src/plugin-api/vt-plugin.h
# gate SCRIPT: what it says is wrong with the copy
gate() {
	base_env CC="$CC" VT="$VT" abs_top_srcdir="$T/src" abs_top_builddir="$T/build" bash "$T/src/tests/abi/$1" 2>&1 | sed -n 's/^not ok [0-9]* - //p'
}
# broken "STORY" SCRIPT SED "WHAT THE GATE SAYS"
broken() {
	cp "$abs_top_srcdir/plugin-api/vt-plugin.h" "$header"
	sed -i "$3" "$header"
	if cmp -s "$header" "$abs_top_srcdir/plugin-api/vt-plugin.h"; then ok "the change is one: $1" 1; return; fi
	has "$1" "$(gate $2)" "$4"
}
cp "$abs_top_srcdir/plugin-api/vt-plugin.h" "$header"
printf '#include "vt-plugin.h"\nVT_EXPORT const vt_plugin *vt_plugin_entry(uint32_t major) { (void)major; return 0; }\n' >"$T/one.c"
$CC -shared -fPIC -I"$T/src/plugin-api" "$T/one.c" -o "$T/build/plugins-1/vt-one.so"
is "nothing is said about what is right" "$(gate header.sh)$(gate prefix.sh)$(gate old.sh)" ""

broken "a header that needs another" header.sh 's/#include <stdint.h>//' "C99 to the letter"
broken "a declaration in the middle of C99" header.sh 's/^typedef int32_t vt_status;/typedef int32_t vt_status; inline int vt_x(void) { return 0; }/' "C90 with stdint.h"
broken "a C++ word as a name" header.sh 's/vt_bytes task, root, cwd;/vt_bytes task, root, class;/' "C99 to the letter"
broken "a hole in a struct" header.sh 's/uint32_t type, mode;  /uint32_t type; uint64_t mode;/' "no holes in any struct"
broken "a macro with a name of its own" header.sh 's/^#define VT_ABI_MAJOR 1/&\n#define MAX 3/' "every macro begins with VT_"
broken "a type with a name of its own" header.sh 's/^typedef int32_t vt_status;/&\ntypedef int status_t;/' "every type and function begins with vt_"
broken "an enum" header.sh 's/^typedef int32_t vt_status;/&\nenum vt_e { VT_E };/' "no enum, no bit field"
broken "a bit field" header.sh 's/uint32_t struct_size, kind; /uint32_t struct_size, kind, vt_more:3; /' "no enum, no bit field"
broken "another license" header.sh 's/SPDX-License-Identifier: 0BSD/SPDX-License-Identifier: MIT/' "anybody may include it"
broken "a member in the middle" prefix.sh 's/^	uint32_t threads, flags;.*/	uint32_t more, other;\n&/' "today's header begins as"
broken "a member of another width" prefix.sh 's/uint64_t caps;/uint32_t caps, more;/' "every member is where"
broken "a constant renumbered" prefix.sh 's/^#define VT_KIND_STORE  .*/#define VT_KIND_STORE 5u/' "today's header begins as"
broken "a member that the released store needs" old.sh '/vt_status (\*put)(void \*self, vt_call \*, uint32_t space/d' "its source compiles with vt-plugin.h"

cp "$abs_top_srcdir/plugin-api/vt-plugin.h" "$header"
printf 'int helper(void);\n__attribute__((visibility("default"))) int helper(void) { return 0; }\n' >>"$T/one.c"
$CC -shared -fPIC -I"$T/src/plugin-api" "$T/one.c" -o "$T/build/plugins-1/vt-one.so"
has "a plugin that exports a second symbol" "$(gate header.sh)" "vt-one.so exports vt_plugin_entry alone"
printf 'int x;\n' >"$T/none.c"
$CC -shared -fPIC -fvisibility=hidden "$T/none.c" -o "$T/build/plugins-1/vt-one.so"
has "one that exports none" "$(gate header.sh)" "vt-one.so exports vt_plugin_entry alone"

# the released binary, with its entry gone
old=$(ls "$T"/src/tests/abi/old/*/*/vt-store-memory.so | head -1)
LC_ALL=C sed -i 's/vt_plugin_entry/vt_plugin_enemy/g' "$old"
has "a released plugin that works no more" "$(gate old.sh)" "keeps its promises"
finish
