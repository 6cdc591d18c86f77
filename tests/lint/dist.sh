# A release holds the files that git tracks, and nothing in it points outside.
. "${0%/*}/../lib/functions.sh" || exit
requires git make xz
cd "$abs_top_srcdir" || exit 99
[ -e .git ] || skip_all "not a git checkout"
(cd "$abs_top_builddir" && make -s distdir distdir="$T/d" >"$T/dist.out" 2>&1)
ok "make distdir" $?
missing=$(git ls-files | grep -vE '^(\.gitignore|\.gitattributes)$' | while read -r f; do [ -e "$T/d/$f" ] || echo "$f"; done)
is "every tracked file is released" "$missing" ""
outside=$(git grep -nE '(^|[^.[:alnum:]_])(/work/|\.\./shared/(spec|design|bench|hooks)|\.\./\.library)' -- . ':!tests/lint/dist.sh' || true)
is "no tracked file points outside the project" "$outside" ""
finish
