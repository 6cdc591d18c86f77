# The header stands alone, in every language it promises, and leaves no other names behind.
. "${0%/*}/../lib/functions.sh" || exit
requires ${CC%% *}
include=$abs_top_srcdir/plugin-api
cd "$T"
echo '#include "vt-plugin.h"' >alone.c
cp alone.c alone.cc
# compiles STORY COMPILER ARGUMENTS...
compiles() {
	local story=$1
	shift
	command -v "${1%% *}" >/dev/null || { skip "$story" "$1 is not installed"; return; }
	"$@" -Wall -Wextra -Werror -I"$include" -c -o alone.o 2>errors
	ok "$story" $? || sed 's/^/# /' errors
}
for cc in gcc clang; do
	compiles "$cc, C99 to the letter, C++ in mind" $cc -std=c99 -Wpedantic -Wc++-compat alone.c
	compiles "$cc, C90 with stdint.h" $cc -std=c90 -Wno-long-long alone.c
	compiles "$cc, C11 with small enums" $cc -std=c11 -fshort-enums alone.c
done
compiles "g++, C++17" g++ -std=c++17 -Wpedantic alone.cc
compiles "clang++, C++17" clang++ -std=c++17 -Wpedantic alone.cc
if [ "$(uname -m)" = x86_64 ]; then
	compiles "no holes in any struct, gcc" gcc -Wpadded alone.c
	compiles "no holes in any struct, clang" clang -Wpadded alone.c
fi
printf '#include <stddef.h>\n#include <stdint.h>\n' >ground.c
$CC -dM -E ground.c | awk '{ print $2 }' | sed 's/(.*//' | sort >ground
$CC -dM -E -I"$include" alone.c | awk '{ print $2 }' | sed 's/(.*//' | sort >names
is "every macro begins with VT_" "$(comm -13 ground names | grep -v '^VT_')" ""
is "every type and function begins with vt_" "$($CC -E -P -I"$include" alone.c | tr '\n' ' ' | sed 's/[{};]/&\n/g' |
	grep -oE '^ *typedef [^(]* [a-z_]+;$' | grep -oE '[a-z_0-9]+;$' | grep -vE '^vt_' | sort -u | comm -23 - <($CC -E -P ground.c | grep -oE '[a-z_0-9]+;' | sort -u))" ""
is "no enum, no bit field, no library's type" "$(grep -nE '\benum\b|\buv_|cJSON|: *[0-9]+;' "$include/vt-plugin.h")" ""
# a frozen version keeps its code; its comments may still become clearer
code() { $CC -fpreprocessed -dD -E -P "$1" 2>/dev/null | tr -s ' \t\n' ' '; }
minor=$(awk '$2 == "VT_ABI_MINOR" { print $3 }' "$include/vt-plugin.h")
frozen=$abs_top_srcdir/tests/abi/frozen/vt-plugin-1.$minor.h
[ ! -e "$frozen" ] || is "no version that is frozen grew, nor changed" "$(code "$include/vt-plugin.h" | cksum)" "$(code "$frozen" | cksum)"
has "anybody may include it" "$(cat "$include/vt-plugin.h")" "SPDX-License-Identifier: 0BSD"
printf '#include "vt-plugin.h"\nint has(const vt_store_ops *o) { return VT_HAS_AS(vt_store_ops, o, settle) != 0; }\n' >has.c
compiles "VT_HAS_AS in plain C99" gcc -std=c99 -Wpedantic has.c
printf '#include "vt-plugin.h"\nbool has(const vt_store_ops *o) { return VT_HAS(o, settle); }\n' >has.cc
compiles "VT_HAS in C++" g++ -std=c++17 has.cc

# each shipped plugin exports the one function
requires nm
for so in "$abs_top_builddir"/plugins-1/vt-*.so; do
	is "$(basename "$so") exports vt_plugin_entry alone" "$(nm -D --defined-only "$so" | awk '{ print $3 }' | grep -v '^__[a-z]*san_\|^__odr_asan\|^__start\|^__stop' | tr '\n' ' ')" "vt_plugin_entry "
done
finish
