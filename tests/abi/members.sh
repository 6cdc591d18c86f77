# members.sh HEADER: one line per member of every vt_ struct, in order: "struct TAB index TAB
# declaration"; then one per constant, "define TAB NAME TAB value". Needs only the compiler.
# With --names instead: "struct TAB member" for the layout table.
set -eu
mode=full
[ "$1" = --names ] && { mode=names; shift; }
: "${CC:=cc}"
$CC -E -P -x c "$1" | tr '\n' ' ' | sed 's/[{};]/&\n/g' | awk -v mode=$mode '
	/struct vt_[a-z_]+ *\{ *$/ { match($0, /vt_[a-z_]+ *\{/); name = substr($0, RSTART, RLENGTH); sub(/ *\{/, "", name); i = 0; next }
	/^ *\}/ { name = ""; next }
	name != "" {
		sub(/;$/, ""); gsub(/[ \t]+/, " "); sub(/^ /, ""); sub(/ $/, "")
		if (mode == "full") { print name "\t" i++ "\t" $0; next }
		if (match($0, /\(\*[a-z_]+\)/)) { print name "\t" substr($0, RSTART + 2, RLENGTH - 3); next }
		n = split($0, part, ",")
		for (k = 1; k <= n; k++) { sub(/\[.*/, "", part[k]); match(part[k], /[a-z_0-9]+ *$/); m = substr(part[k], RSTART, RLENGTH); gsub(/ /, "", m); print name "\t" m }
	}'
[ $mode = names ] || $CC -E -dM -x c "$1" | awk '$2 ~ /^VT_/ && $2 !~ /\(/ && $2 != "VT_PLUGIN_H" && $2 != "VT_ABI_MINOR" && $2 != "VT_EXPORT" {
	n = $2; $1 = $2 = ""; sub(/^ +/, ""); print "define\t" n "\t" $0 }' | sort
