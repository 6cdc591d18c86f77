# Each header stands alone.
. "${0%/*}/../lib/functions.sh" || exit
cd "$abs_top_srcdir" || exit 99
bad=
for h in core/*/*.h plugins/*/*.h; do
	[ -f "$h" ] || continue
	printf '#include "config.h"\n#include "%s"\nint alone;\n' "$PWD/$h" >"$T/alone.c"
	${CC:-cc} -std=gnu11 -fsyntax-only -D_GNU_SOURCE -I"$abs_top_builddir" -Icore -Iplugin-api "$T/alone.c" 2>"$T/alone.err" || bad="$bad $h"
done
is "each header compiles alone" "$bad" ""
finish
