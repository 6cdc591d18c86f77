# freeze.sh: keeps today's header as the one of its minor version. A frozen file is never written again: a change that appends to
# the header raises VT_ABI_MINOR first.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
header=$here/../../plugin-api/vt-plugin.h
minor=$(awk '$2 == "VT_ABI_MINOR" { print $3 }' "$header")
frozen=$here/frozen/vt-plugin-1.$minor.h
[ ! -e "$frozen" ] || { echo "freeze.sh: 1.$minor is frozen already; raise VT_ABI_MINOR in vt-plugin.h" >&2; exit 1; }
cp "$header" "$frozen"
bash "$here/layout.sh" "$header" >"$here/frozen/layout-1.$minor.$(uname -m).txt"
# the plugin of this version: as source, and as a program that goes on being loaded
old=$here/old/$(uname -m)-linux-gnu/1.$minor
mkdir -p "$old"
cp "$here/../../plugin-api/example/store-memory.c" "$here/old/store-memory-1.$minor.c"
(cd "$here/../../plugin-api" && ${CC:-cc} -O2 -s -shared -fPIC -I. example/store-memory.c \
	-Wl,--build-id=none -Wl,--version-script=vt-plugin.map -o "$old/vt-store-memory.so")
echo "frozen: 1.$minor"
