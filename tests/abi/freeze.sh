# freeze.sh: keeps today's header as the released one of its minor version. Until the release
# that ships 1.0 it may be run again; afterwards a frozen file is never written again.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
header=$here/../../plugin-api/vt-plugin.h
minor=$(awk '$2 == "VT_ABI_MINOR" { print $3 }' "$header")
cp "$header" "$here/frozen/vt-plugin-1.$minor.h"
bash "$here/layout.sh" "$header" >"$here/frozen/layout-1.$minor.$(uname -m).txt"
echo "frozen: 1.$minor"
