# Each released struct is a prefix of today's, each released constant has its value, each
# member its place; and the gate notices a difference.
. "${0%/*}/../lib/functions.sh" || exit
requires ${CC%% *}
abi=$abs_top_srcdir/tests/abi
header=$abs_top_srcdir/plugin-api/vt-plugin.h
members() { CC=$CC bash "$abi/members.sh" "$1"; }

# lost FROZEN HEADER: released lines that are not there any more, and frozen structs that grew
lost() {
	members "$1" >"$T/then"
	members "$2" >"$T/now" || { echo "does not compile"; return; }
	grep -vxFf "$T/now" "$T/then"
	sed -n 's/.*struct \(vt_[a-z_]*\).*\[frozen\].*/\1/p' "$1" | while read -r s; do
		[ "$(grep -c "^$s	" "$T/then")" = "$(grep -c "^$s	" "$T/now")" ] || echo "$s is frozen and grew"
	done
}
for frozen in "$abi"/frozen/vt-plugin-1.*.h; do
	is "today's header begins as $(basename "$frozen")" "$(lost "$frozen" "$header")" ""
done
is "it has members to compare" "$([ "$(members "$header" | wc -l)" -gt 100 ] && echo yes)" yes
for table in "$abi"/frozen/layout-1.*."$(uname -m)".txt; do
	[ -e "$table" ] || { skip "the layout" "no table for this machine"; continue; }
	CC=$CC bash "$abi/layout.sh" "$header" >"$T/layout"
	is "every member is where $(basename "$table") has it" "$(grep -vxFf "$T/layout" "$table")" ""
	[ -z "${ONLY_TODAY-}" ] || continue
	sed 's/uint64_t batch_bytes/uint32_t batch_bytes/' "$header" >"$T/narrow.h"
	CC=$CC bash "$abi/layout.sh" "$T/narrow.h" >"$T/layout"
	isnt "a member of another width is noticed" "$(grep -vxFf "$T/layout" "$table")" ""
done

# tests/abi/gates.sh breaks the header itself
[ -z "${ONLY_TODAY-}" ] || finish

# broken STORY SED: the header with a change that hurts
broken() {
	sed "$2" "$header" >"$T/broken.h"
	if cmp -s "$header" "$T/broken.h"; then ok "the change is one: $1" 1; return; fi
	isnt "$1 is noticed" "$(lost "$header" "$T/broken.h")" ""
}
broken "a member in the middle" 's/^	uint32_t threads, flags;.*/	uint32_t more, other;\n&/'
broken "a member that is gone" '/vt_status (\*drop)/d'
broken "another type" 's/uint32_t roles, format;/uint64_t roles, format;/'
broken "another argument" 's/(\*stopping)(vt_call \*)/(*stopping)(vt_call *, int)/'
broken "two members that changed places" 's/struct_size, flags;         \/\* VT_STEP/flags, struct_size; \/* VT_STEP/'
broken "a constant renumbered" 's/#define VT_KIND_STORE .*/#define VT_KIND_STORE 5u/'
broken "a frozen struct that grew" 's/typedef struct vt_bytes { /&int more; /'
broken "a frozen struct that grew at its end" 's/uint8_t byte\[32\]; }/uint8_t byte[32]; int more; }/'
sed 's/^	vt_status (\*settle).*/&\n	vt_status (*later)(void *self);/' "$header" >"$T/grown.h"
is "a member at the end is none" "$(lost "$header" "$T/grown.h")" ""
finish
