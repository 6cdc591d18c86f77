# The sources compile for other machines: the tracer and the supervisor for aarch64, and the call
# table's numbers beside the kernel's own headers, for each architecture that it knows.
. "${0%/*}/../lib/functions.sh" || exit
cd "$abs_top_srcdir" || exit 99

# numbers COLUMN NAME HEADER: the table has the numbers of the header; a number that
# only a newer header knows is not looked at
numbers() {
	{
		printf '%s\n' "$3" 'int checked;'
		sed -n 's/^	X(\([a-z0-9_]*\), *\([NO0-9]*\), *\([NO0-9]*\), *\([NO0-9]*\), *DOES.*/\1 \2 \3 \4/p' plugins/trace-linux/calls.h | awk -v c="$1" '
		{ print "#ifdef __NR_" $1
		  if ($(c + 1) == "NO") print "#error " $1 " has a number here"
		  else printf "_Static_assert(__NR_%s == %s, \"%s\");\n", $1, $(c + 1), $1
		  print "#endif" }'
	} >"$T/numbers.c"
	[ "$(grep -c __NR_ "$T/numbers.c")" -gt 100 ] || { ok "the table can be read" 1; return; }
	if printf '%s\n' "$3" | ${CC:-cc} -E -x c - >/dev/null 2>&1; then
		${CC:-cc} -std=gnu11 -fsyntax-only "$T/numbers.c" 2>"$T/err" || _show numbers "$(cat "$T/err")"
		ok "the numbers of $2" "$(grep -c error "$T/err")"
	else skip "the numbers of $2" "the kernel's header for them is not here"; fi
}
numbers 1 x86-64 '#include <asm/unistd_64.h>'
numbers 2 i386 '#include <asm/unistd_32.h>'
numbers 3 aarch64 '#define __BITS_PER_LONG 64
#define __ARCH_WANT_RENAMEAT
#define __ARCH_WANT_NEW_STAT
#include <asm-generic/unistd.h>'

cross() {                            # "story" COMPILER...: each file, without a warning
	local story=$1 f bad=; shift
	for f in plugins/trace-linux/*.c core/supervisor/*.c; do
		"$@" -std=gnu11 -Wall -Wextra -Werror -Wno-unused-command-line-argument -c -o "$T/cross.o" -D_GNU_SOURCE -DXXH_INLINE_ALL -DSHIM_FILE='"vt-shim.so"' \
			-I"$abs_top_builddir" -Icore -Iplugin-api "$f" 2>"$T/err" || { bad="$bad $f"; _show "$f" "$(head -5 "$T/err")"; }
	done
	is "$story" "$bad" ""
}
headers=/usr/aarch64-linux-gnu/include
if [ "$(uname -m)" = aarch64 ]; then cross "compiled for aarch64, here" ${CC:-cc}
elif command -v clang >/dev/null && [ -e $headers/stdio.h ]; then
	cross "compiled for aarch64 by clang" clang --target=aarch64-linux-gnu -isystem $headers
elif command -v aarch64-linux-gnu-gcc >/dev/null; then cross "compiled for aarch64 by gcc" aarch64-linux-gnu-gcc
else skip "compiled for aarch64" "neither clang with libc6-dev-arm64-cross nor gcc-aarch64-linux-gnu is installed"; fi
finish
