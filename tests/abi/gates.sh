# Each gate notices its fault in a copy that was broken on purpose.
. "${0%/*}/../lib/functions.sh" || exit
requires ${CC%% *}
mkdir -p "$T/src/tests/lib" "$T/src/plugin-api" "$T/build/plugins-1" "$T/build/tests"
ln -s "$abs_top_builddir/tests/lib" "$T/build/tests/lib"
cp "$abs_top_srcdir/tests/lib/functions.sh" "$T/src/tests/lib/"
cp -r "$abs_top_srcdir/tests/abi" "$T/src/tests/"
header=$T/src/plugin-api/vt-plugin.h
# gate SCRIPT: prints the faults that it finds in the copy; its trials of itself are left out
gate() {
	base_env CC="$CC" VT="$VT" ONLY_TODAY=1 abs_top_srcdir="$T/src" abs_top_builddir="$T/build" bash "$T/src/tests/abi/$1" 2>&1 | sed -n 's/^not ok [0-9]* - //p'
}
# broken SCRIPT ["STORY" SED "WHAT THE GATE SAYS"]...: one copy with all these changes; they go
# together only where none of them causes the message of another one. All messages: $said
broken() {
	local script=$1 i
	shift
	cp "$abs_top_srcdir/plugin-api/vt-plugin.h" "$header"
	for ((i = 1; i < $#; i += 3)); do
		cp "$header" "$T/before.h"
		sed -i "${@:i+1:1}" "$header"
		if cmp -s "$header" "$T/before.h"; then ok "the change is one: ${!i}" 1; return; fi
	done
	said=$(gate "$script")
	for ((i = 1; i < $#; i += 3)); do has "${!i}" "$said" "${@:i+2:1}"; done
}
cp "$abs_top_srcdir/plugin-api/vt-plugin.h" "$header"
printf '#include "vt-plugin.h"\nVT_EXPORT const vt_plugin *vt_plugin_entry(uint32_t major) { (void)major; return 0; }\n' >"$T/one.c"
$CC -shared -fPIC -I"$T/src/plugin-api" "$T/one.c" -o "$T/build/plugins-1/vt-one.so"
is "nothing is said about what is right" "$(gate header.sh)$(gate prefix.sh)$(gate old.sh)" ""

broken header.sh "a header that needs another" 's/#include <stdint.h>//' "C99 to the letter"
broken header.sh \
	"a declaration in the middle of C99" 's/^typedef int32_t vt_status;/typedef int32_t vt_status; inline int vt_x(void) { return 0; }/' "C90 with stdint.h" \
	"a bit field" 's/uint32_t struct_size, kind; /uint32_t struct_size, kind, vt_more:3; /' "no enum, no bit field"
broken header.sh \
	"a C++ word as a name" 's/vt_bytes task, root, cwd;/vt_bytes task, root, class;/' "C99 to the letter" \
	"a hole in a struct" 's/uint32_t type, mode;  /uint32_t type; uint64_t mode;/' "no holes in any struct"

# plugins are broken, too: one exports a second symbol, one none at all
printf 'int helper(void);\n__attribute__((visibility("default"))) int helper(void) { return 0; }\n' >>"$T/one.c"
$CC -shared -fPIC -I"$abs_top_srcdir/plugin-api" "$T/one.c" -o "$T/build/plugins-1/vt-one.so"
printf 'int x;\n' >"$T/none.c"
$CC -shared -fPIC -fvisibility=hidden "$T/none.c" -o "$T/build/plugins-1/vt-none.so"
broken header.sh \
	"a macro with a name of its own" 's/^#define VT_ABI_MAJOR 1/&\n#define MAX 3/' "every macro begins with VT_" \
	"a type with a name of its own" 's/^typedef int32_t vt_status;/&\ntypedef int status_t;/' "every type and function begins with vt_" \
	"an enum" 's/^typedef int32_t vt_status;/&\nenum vt_e { VT_E };/' "no enum, no bit field" \
	"another license" 's/SPDX-License-Identifier: 0BSD/SPDX-License-Identifier: MIT/' "anybody may include it"
has "a plugin that exports a second symbol" "$said" "vt-one.so exports vt_plugin_entry alone"
has "one that exports none" "$said" "vt-none.so exports vt_plugin_entry alone"

broken prefix.sh "a member in the middle" 's/^	uint32_t threads, flags;.*/	uint32_t more, other;\n&/' "today's header begins as"
broken prefix.sh "a member of another width" 's/uint64_t batch_bytes;/uint32_t batch_bytes, more;/' "every member is where"
broken prefix.sh "a constant renumbered" 's/^#define VT_KIND_STORE  .*/#define VT_KIND_STORE 5u/' "today's header begins as"
broken old.sh "a member that the released store needs" '/vt_status (\*put)(void \*self, vt_call \*, uint32_t space/d' "its source compiles with vt-plugin.h"

# a frozen file stays as it is
freeze() { (cd "$T/src" && CC="$CC" bash tests/abi/freeze.sh 2>&1); }
sums() { (cd "$T/src/tests/abi" && find frozen old -type f ! -path '*1.1*' -print0 | sort -z | xargs -0 sha256sum); }
cp "$abs_top_srcdir/plugin-api/vt-plugin.h" "$header"
cp -r "$abs_top_srcdir/plugin-api/example" "$abs_top_srcdir/plugin-api/vt-plugin.map" "$T/src/plugin-api/"
chmod -R u+w "$T/src"
# as the header was when its version was frozen
cp "$T/src/tests/abi/frozen/vt-plugin-1.0.h" "$header"
before=$(sums)
has "a frozen version is not frozen again" "$(freeze)" "1.0 is frozen already; raise VT_ABI_MINOR"
is "and nothing is written" "$(sums)" "$before"
sed -i 's/^#define VT_ABI_MINOR 0/#define VT_ABI_MINOR 1/; s/^	vt_status (\*settle).*/&\n	vt_status (*later)(void *self);/' "$header"
is "a member at the end of a later minor says nothing" "$(gate prefix.sh)" ""
is "and is frozen beside the first" "$(freeze) $(sums | wc -l)" "frozen: 1.1 $(wc -l <<<"$before")"
is "which stays as it was" "$(sums)" "$before"
sed -i '/^	vt_status (\*later)/d' "$header"
has "from then on it has to stay, too" "$(gate prefix.sh)" "today's header begins as vt-plugin-1.1.h"
rm -rf "$T"/src/tests/abi/frozen/*-1.1* "$T"/src/tests/abi/old/*/1.1 "$T"/src/tests/abi/old/*-1.1.c
broken header.sh "a header that is not the frozen one of its minor version" 's/^#define VT_ABI_MINOR .*/#define VT_ABI_MINOR 0\n#define VT_SPACE_MORE 9u/' "no version that is frozen grew"

cp "$abs_top_srcdir/plugin-api/vt-plugin.h" "$header"
# the released binary, with its entry gone
old=$(ls "$T"/src/tests/abi/old/*/*/vt-store-memory.so | head -1)
LC_ALL=C sed -i 's/vt_plugin_entry/vt_plugin_enemy/g' "$old"
has "a released plugin that works no more" "$(gate old.sh)" "keeps its promises"
finish
