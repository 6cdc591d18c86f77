# layout.sh HEADER: where each member of every vt_ struct is, as this compiler lays it out.
set -eu
: "${CC:=cc}"
here=$(cd "$(dirname "$0")" && pwd)
t=$(mktemp -d)
trap 'rm -rf "$t"' EXIT
{
	printf '#include <stdio.h>\n#include "%s"\nint main(void) {\n' "$(cd "$(dirname "$1")" && pwd)/$(basename "$1")"
	bash "$here/members.sh" --names "$1" | awk -F'\t' '{
		printf "\tprintf(\"%%s.%%s %%zu %%zu\\n\", \"%s\", \"%s\", offsetof(struct %s, %s), sizeof(((struct %s *)0)->%s));\n", $1, $2, $1, $2, $1, $2 }'
	printf '\treturn 0;\n}\n'
} >"$t/layout.c"
$CC "$t/layout.c" -o "$t/layout" && "$t/layout"
