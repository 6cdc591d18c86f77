# --affected: packages changed since the merge base with the default branch, and those that depend on them.
. "${0%/*}/plan.sh" || exit
requires git
[ -e "$abs_top_builddir/plugins-1/vt-fingerprint-git.so" ] || skip_all "fingerprint-git is not built"
export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=t GIT_AUTHOR_EMAIL=t@example.com \
	GIT_COMMITTER_NAME=t GIT_COMMITTER_EMAIL=t@example.com
workspace
pnpm a b c d
file package.json '{"name":"root","scripts":{"x":"echo root"}}'
file packages/a/package.json '{"name":"a","dependencies":{"b":"workspace:*"},"scripts":{"x":"echo a"}}'
file packages/b/package.json '{"name":"b","scripts":{"x":"echo b"}}'
file packages/c/package.json '{"name":"c","scripts":{"x":"echo c"}}'
file packages/d/package.json '{"name":"d","scripts":{"x":"echo d","only-d":"echo d"}}'
file .gitignore '/ignored
.vt'
git init -q -b main . && git add -A && git commit -qm one
git checkout -qb work
capture vt run --affected x
is "no change: no task runs, and the exit code is 0" "$rc $out|$err" "0 |No packages are affected by changes since the default branch"
file packages/b/f 1; git add -A; git commit -qm two
git checkout -q main; file packages/c/f 1; git add -A; git commit -qm three; git checkout -q work
order "changes of this branch and their dependents count, and changes on main since then do not" \
	"packages/a#x<packages/b#x packages/b#x" --affected x
order "--affected=REF counts from that reference" "packages/a#x<packages/b#x packages/b#x" --affected=main x
order "--affected=HEAD counts from the commit" "" --affected=HEAD x
order "with a filter: its affected packages" "packages/a#x" --affected --filter a --filter c x
order "with an exclusion: all affected packages but those" "packages/b#x" --affected --filter '!a' x
order "a filter with [REF...]: changes since the merge base with it" "packages/a#x<packages/b#x packages/b#x" --filter '...[main...]' x
order "a filter with [...]: changes since the merge base with the default branch" "packages/b#x" --filter '[...]' x
order "a filter with [REF]: changes on main count, too" "packages/b#x packages/c#x" --filter '[main]' x
order "a filter with a name" "packages/c#x" --filter 'c[main]' x
order "a filter with a directory" "packages/b#x" --filter '{packages/b}[main]' x
order "a filter with dependencies" "packages/b#x" --filter '[main...]...' x
order "a filter with the dependents of changed packages" "packages/a#x" --filter '...^[main...]' x
file packages/d/new 1
order "an untracked file: counts" "packages/d#x" --affected=HEAD x
rm packages/d/new; file ignored 1
order "an ignored file: does not count" "" --affected=HEAD x
file README.md hello
order "a file of the root: counts for the root package alone" "x" --affected=HEAD x
rm README.md
git mv packages/b/f packages/d/f
order "a renamed file: counts in both packages" "packages/a#x<packages/b#x packages/b#x packages/d#x" --affected=HEAD x
git reset -q --hard
git rm -rq packages/c
order "a removed package: counts for none" "" --affected=HEAD x
git reset -q --hard
file packages/b/f 2
capture vt run --affected=HEAD only-d
is "an affected package may be without the task" "$rc $out$err" "0 "
capture vt run --affected=HEAD onyl-d
is "a misspelt task: an error" "$rc $err" '1 error: Task "onyl-d" not found'
capture vt run --affected x
is "a run of affected packages runs their tasks" "$rc $(grep -c '^[ab]$' <<<"$out")" "0 2"
file packages/d/package.json '{"name":"d","scripts":{"x":"vt run --affected=HEAD x"}}'
shape "--affected inside a command" "packages/d#x: {packages/a#x<packages/b#x: echo a | packages/b#x: echo b}" --filter d x
git checkout -q packages/d
# said once, in one sentence
capture vt run --affected=nosuch x
is "an unknown reference: an error" "$rc $err" "1 error: --affected=nosuch: there is no git reference 'nosuch'"
capture vt run --affected --recursive x
like "--affected with --recursive: an error" "$rc $err" "1 *--affected and --recursive cannot be used together"
capture vt run --affected a#x
like "--affected with a package's name: an error" "$rc $err" "1 *cannot specify package name with --affected"
capture vt run --affected= x
like "an empty reference: an error" "$rc $err" "2 *a value is required for '--affected?=<REF>?'*"
file vite-task.json '{"plugins":{"fingerprint":"fingerprint-content"}}'
order "with fingerprint-content: the same packages" "packages/a#x<packages/b#x packages/b#x x" --affected x
rm vite-task.json; git stash -q; git checkout -q work
for i in 1 2 3; do file packages/d/f $i; git add -A; git commit -qm "d $i"; done
git checkout -q main
git clone -q --depth=1 --no-single-branch --branch work "file://$W" "$T/shallow"; cd "$T/shallow" || exit 99
# libgit2 forgets a list of its own here
echo 'leak:libgit2' >"$T/lsan.supp"
capture with LSAN_OPTIONS="suppressions=$T/lsan.supp:print_suppressions=0" vt run --affected x
is "a shallow clone: the error says what to do" "$rc $err" "1 error: --affected: this clone is shallow and does not reach the common ancestor with 'origin/HEAD'; fetch more history (git fetch --deepen=100, git fetch --unshallow; where a CI job checks out: fetch-depth: 0)"
git fetch -q --unshallow
order "... and with more history it works" "packages/a#x<packages/b#x packages/b#x packages/d#x" --affected x
git clone -q --depth=1 --branch work "file://$W" "$T/single"; cd "$T/single" || exit 99
capture vt run --affected x
like "one branch alone: no default branch is found" "$rc $err" "1 error: --affected: the default branch is not known:*fetch-depth: 0)"
rm -rf .git
capture vt run --affected x
is "a folder without git: no default branch is found" "$rc $err" "1 error: --affected: '$T/single' is in no git repository"
finish
