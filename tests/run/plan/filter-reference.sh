# A filter in brackets selects the packages changed since a git reference.
. "${0%/*}/plan.sh" || exit
requires git
[ -e "$abs_top_builddir/plugins-1/vt-fingerprint-git.so" ] || skip_all "fingerprint-git is not built"
workspace
pnpm a b c
file packages/a/package.json '{"name":"a","dependencies":{"b":"workspace:*"},"scripts":{"x":"echo a"}}'
file packages/b/package.json '{"name":"b","scripts":{"x":"echo b"}}'
file packages/c/package.json '{"name":"c","scripts":{"x":"echo c"}}'
git init -q . && git add -A && git -c user.name=t -c user.email=t@example.com commit -qm one
order "no change: no package" "" --filter '[HEAD]' x
file packages/b/new.txt 1
order "a new file" "packages/b#x" --filter '[HEAD]' x
order "... and its dependents" "packages/a#x<packages/b#x packages/b#x" --filter '...[HEAD]' x
order "only among some" "" --filter 'c[HEAD]' x
capture vt run --filter '[nosuch]' x
like "an unknown reference: an error" "$rc $err" "1 *error: --filter '?nosuch?': there is no git reference 'nosuch'"
finish
