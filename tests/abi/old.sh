# Plugins of released versions go on working: as the programs of their release, and compiled afresh
# against the header of their time and against today's.
. "${0%/*}/../lib/functions.sh" || exit
requires ${CC%% *}
abi=$abs_top_srcdir/tests/abi
cd "$T"
n=0
for so in "$abi/old/$(uname -m)-linux-gnu"/*/vt-store-memory.so; do
	[ -e "$so" ] || { skip "a released plugin" "none kept for this machine"; continue; }
	version=$(basename "$(dirname "$so")")
	mkdir -p "old-$version" && cp "$so" "old-$version/"
	capture vt plugins check "old-$version/vt-store-memory.so"
	is "the store released with $version keeps its promises" "$rc $(printf '%s\n' "$out" | grep WRONG)" "0 "
done
for source in "$abi"/old/store-memory-1.*.c; do
	version=${source##*memory-} version=${version%.c}
	for header in "$abi/frozen/vt-plugin-$version.h" "$abs_top_srcdir/plugin-api/vt-plugin.h"; do
		n=$((n + 1))
		mkdir -p "include-$n" "new-$n"
		cp "$header" "include-$n/vt-plugin.h"
		$CC -shared -fPIC -Wall -Wextra -Werror -I"include-$n" "$source" -o "new-$n/vt-store-memory.so" 2>errors
		compiled=$?
		ok "its source compiles with $(basename "$header")" $compiled || sed 's/^/# /' errors
		capture vt plugins check "new-$n/vt-store-memory.so"
		is "and keeps its promises" "$rc $(printf '%s\n' "$out" | grep WRONG)" "0 "
	done
done

# tests/abi/gates.sh asks for the plugins alone
[ -z "${ONLY_TODAY-}" ] || finish

# abidiff of all types, where it is installed: a second opinion, without an awk script
command -v abidiff >/dev/null || { skip "abidiff" "it is not installed"; finish; }
witness() {                                  # HEADER NAME: a library that returns each struct
	{
		printf '#include "%s"\n' "$1"
		bash "$abi/members.sh" --names "$1" | cut -f1 | sort -u |
			sed 's/.*/const struct & *w_&(void);\nconst struct & *w_&(void) { return 0; }/'
	} >"$2.c"
	$CC -g -shared -fPIC "$2.c" -o "lib$2.so"
}
today=$abs_top_srcdir/plugin-api/vt-plugin.h
frozen=$(ls "$abi"/frozen/vt-plugin-1.*.h | sort -V | tail -1)
witness "$frozen" then
witness "$today" now
if [ "$(grep 'define VT_ABI_MINOR' "$frozen")" = "$(grep 'define VT_ABI_MINOR' "$today")" ]; then
	is "abidiff sees no change without a new minor version" "$(abidiff libthen.so libnow.so 2>&1)" ""
fi
sed 's/uint32_t roles, format;/uint64_t roles, format;/' "$today" >broken.h
witness "$T/broken.h" broken
isnt "abidiff sees one that hurts" "$(abidiff libthen.so libbroken.so 2>&1)" ""
finish
