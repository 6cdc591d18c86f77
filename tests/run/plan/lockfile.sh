# A change of the lockfile is a change of the packages for which it resolves other dependencies.
. "${0%/*}/plan.sh" || exit
. "$abs_top_srcdir/tests/lib/managers.sh"
requires git tar awk
[ -e "$abs_top_builddir/plugins-1/vt-fingerprint-git.so" ] || skip_all "fingerprint-git is not built"
export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=t GIT_AUTHOR_EMAIL=t@example.com \
	GIT_COMMITTER_NAME=t GIT_COMMITTER_EMAIL=t@example.com
commit() { git add -A && git commit -qm "$1"; }

workspace
pnpm a b c
file package.json '{"name":"r","scripts":{"t":"echo r"}}'
file packages/a/package.json '{"name":"a","dependencies":{"x":"^1.0.0"},"scripts":{"t":"echo a"}}'
file packages/b/package.json '{"name":"b","dependencies":{"a":"workspace:*"},"scripts":{"t":"echo b"}}'
file packages/c/package.json '{"name":"c","scripts":{"t":"echo c"}}'
file .gitignore '.vt'
lock() {
	file pnpm-lock.yaml "lockfileVersion: '9.0'
importers:
  .: {}
  packages/a:
    dependencies:
      x: {specifier: ^1.0.0, version: $1}
  packages/b:
    dependencies:
      a: {specifier: 'workspace:*', version: link:../a}
  packages/c: {}
packages:
  x@$1: {resolution: {integrity: sha512-$1}}
snapshots:
  x@$1: {}"
}
lock 1.0.0
git init -q -b main . && commit one
lock 1.0.1
order "the package whose dependency changed, and its dependents" "packages/a#t packages/b#t<packages/a#t" --affected=HEAD t
is "... without a warning" "$err" ""
order "a filter: that package alone" "packages/a#t" -F '[HEAD]' t
commit two
order "a filter with an older commit: that package" "packages/a#t" -F '[HEAD~1]' t
order "a filter with this commit: none" "" -F '[HEAD]' t
lock 1.0.0
order "an earlier lockfile again: a change since this commit" "packages/a#t" -F '[HEAD]' t
order "... and none since the older one" "" -F '[HEAD~1]' t
git checkout -q pnpm-lock.yaml
sed -i 's/\^1.0.0/^1.0.1/' pnpm-lock.yaml
order "another range that resolves to the same: no change" "" --affected=HEAD t
file pnpm-lock.yaml 'broken: ['
all="packages/a#t packages/b#t<packages/a#t packages/c#t t"
order "a lockfile that cannot be read: all packages count" "$all" --affected=HEAD t
is "... and one warning tells it" "$(grep -c . <<<"$err") ${err%%:*}" "1 warning"
like "... with the cause" "$err" "warning: --affected=HEAD: what changed in pnpm-lock.yaml is not known, so all packages count as changed: pnpm-lock.yaml:*expected YAML"
rm pnpm-lock.yaml
order "a lockfile that is gone: all packages count" "$all" --affected=HEAD t
has "... and a warning tells it" "$err" "pnpm-lock.yaml is not there any more"
git checkout -q pnpm-lock.yaml; git rm -q --cached pnpm-lock.yaml; git commit -qm none; 
order "a lockfile that is new: all packages count" "$all" --affected=HEAD t
has "... and a warning tells it" "$err" "pnpm-lock.yaml was not there"
commit back
mkdir sub; git mv packages package.json pnpm-workspace.yaml pnpm-lock.yaml sub/; commit moved
cd sub || exit 99
lock 1.0.2
order "a workspace below the root of the repository: that package" "packages/a#t" -F '[HEAD]' t
W=$T/w

# --- as the real managers write it ---
tarball() { mkdir -p "$T/p/package" && printf '{"name":"%s","version":"1.0.0"}' "$1" >"$T/p/package/package.json" && tar -C "$T/p" -czf "$1.tgz" package; }
for m in npm pnpm yarn; do
	has_manager $m || { skip "as $m writes it" "$m is not installed (./bootstrap check installs pnpm and yarn)"; continue; }
	workspace
	[ $m != pnpm ] || file pnpm-workspace.yaml 'packages: ["packages/*"]'
	file package.json '{"name":"r","version":"1.0.0","private":true,"workspaces":["packages/*"],"scripts":{"t":"echo r"}}'
	file packages/a/package.json '{"name":"a","version":"1.0.0","dependencies":{"x":"file:../../x.tgz"},"scripts":{"t":"echo a"}}'
	file packages/b/package.json '{"name":"b","version":"1.0.0","devDependencies":{"y":"file:../../y.tgz"},"scripts":{"t":"echo b"}}'
	file packages/c/package.json '{"name":"c","version":"1.0.0","scripts":{"t":"echo c"}}'
	file .gitignore $'.vt\nnode_modules\n.yarn\n.pnp*'
	tarball x; tarball y
	case $m in
	npm) lockfile=package-lock.json; manager npm install --package-lock-only >"$T/install" 2>&1 ;;
	pnpm) lockfile=pnpm-lock.yaml; manager pnpm install --lockfile-only >"$T/install" 2>&1 ;;
	yarn) lockfile=yarn.lock; : >yarn.lock; manager yarn install --mode=update-lockfile >"$T/install" 2>&1 ;;
	esac
	ok "$m writes $lockfile" $? || { sed 's/^/# /' "$T/install"; continue; }
	git init -q -b main . && commit one
	for p in x y; do
		# another content of the package: the first checksum behind its name
		awk -v p="$p" '/[.]tgz/ { there = index($0, p ".tgz") > 0 }
			there && !done && sub(/sha512-[A-Za-z0-9+\/]|checksum: 10c0\/[0-9a-f]/, "&0") { done = 1 } { print }' $lockfile >"$T/changed"
		cp "$T/changed" $lockfile
		[ $p = x ] && want="packages/a#t" || want="packages/b#t"
		isnt "$m: $p in $lockfile changed" "$(git diff --stat)" ""
		order "$m: another $p is a change of the package that needs it" "$want" -F '[HEAD]' t
		git checkout -q $lockfile
	done
done
finish
