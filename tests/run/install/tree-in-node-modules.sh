# A vt that npm or pnpm put below the workspace works there; a foreign plugin beside it does not.
. "${0%/*}/../../lib/functions.sh" || exit
. "${0%/*}/../../lib/installed.sh"
requires ${CC%% *}
stage "$T/tree"
libdir=$(cd "$T/tree" && find lib* -name plugins-1)
sources() {
	file package.json '{"name":"app"}'
	file vite-task.json '{"tasks":{"show":{"command":"cat in"}}}'
	file in one
}
# works STORY
works() {
	rm -rf .vt
	capture vt run show
	is "$1: a task runs" "$rc ${out%%$'\n'*}$err" '0 $ cat in'
	capture vt run show
	has "$1: the second run hits" "$out" "cache hit"
}
evil() {                                     # evil FILE NAME: a plugin that tells when its code runs
	mkdir -p "${1%/*}"
	$CC -shared -fPIC -pthread -w -I"$abs_top_srcdir/plugin-api" -DNAME="\"$2\"" -DROGUE_CONSTRUCTOR "$abs_top_srcdir/tests/plugins/rogue.c" -o "$1" || exit 99
}

# npm
workspace npm
sources
mkdir -p node_modules/@vt node_modules/.bin
cp -a "$T/tree" node_modules/@vt/linux-x64
ln -s ../@vt/linux-x64/bin/vt node_modules/.bin/vt
VT=$W/node_modules/.bin/vt
works "npm's folders"
evil "$W/lib/vt/plugins-1/vt-evil.so" evil
evil "$W/node_modules/@vt/lib/vt/plugins-1/vt-evil.so" evil
evil "$W/node_modules/lib/vt/plugins-1/vt-evil.so" evil
capture vt plugins list
hasnt "a plugin beside the tree: not listed" "$out" evil
with VT_PLUGIN_PATH="$W/node_modules/@vt/lib/vt/plugins-1" capture vt plugins list
has "a plugin beside the tree that a variable names: refused" "$out" "skipped  inside the workspace"
ln -s "$W/lib/vt/plugins-1/vt-evil.so" "node_modules/@vt/linux-x64/$libdir/vt-evil.so"
capture vt plugins list
has "a link in the tree that leads out of it: refused" "$out" "skipped  inside the workspace"

# pnpm: the tree stands in .pnpm, the names are links, the files are hard links into its store
workspace pnpm
sources
mkdir -p node_modules/.pnpm/@vt+linux-x64@1/node_modules/@vt node_modules/@vt node_modules/.bin
cp -al "$T/tree" node_modules/.pnpm/@vt+linux-x64@1/node_modules/@vt/linux-x64
ln -s ../.pnpm/@vt+linux-x64@1/node_modules/@vt/linux-x64 node_modules/@vt/linux-x64
ln -s ../@vt/linux-x64/bin/vt node_modules/.bin/vt
VT=$W/node_modules/.bin/vt
works "pnpm's links"

# a group that works together, under the umask 002 and under 000
workspace group
sources
cp -a "$T/tree" tree
VT=$W/tree/bin/vt
chmod -R g+w tree
[ "$(id -u)" != 0 ] || chgrp -R 65533 tree
works "a tree that a group can write"
chmod -R o+w tree
works "a tree that everybody can write"
chmod -R go-w tree
chmod o+w "tree/$libdir/vt-store-local.so"
capture vt plugins list
has "a plugin that more people can write than vt: refused" "$out" "'$W/tree/$libdir/vt-store-local.so' can be written by everybody"
chmod o-w "tree/$libdir/vt-store-local.so"
supervisor=$(find "$W/tree" -name vt-supervisor)
chmod o+w "$supervisor"
capture vt run show
is "a supervisor that more people can write than vt: refused" "$rc $out$err" "1 error: '$supervisor' is not started: '$supervisor' can be written by everybody; install vt again, or give it the owner and the modes of '$W/tree/bin/vt'"
chmod o-w "$supervisor"
chmod o+w "${supervisor%/*}"
capture vt run show
has "a plugin in a folder that more people can write: refused" "$rc $err" "1 error: '$supervisor' is not started: '${supervisor%/*}' can be written by everybody"
chmod o-w "${supervisor%/*}"
works "mended"
mkdir -p "$T/away"
mv "$supervisor" "$T/away"
ln -s "$T/away/vt-supervisor" "$supervisor"
works "a link to a supervisor of one's own"
chmod o+w "$T/away"
capture vt run show
has "a link to a plugin that others can change: refused" "$rc $err" "1 error: '$supervisor' is not started: '$T/away' can be written by everybody"
rm "$supervisor"
mv "$T/away/vt-supervisor" "$supervisor"

# a container: node_modules belongs to another user
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	chmod 755 "$T"
	workspace container
	sources
	cp -a "$T/tree" tree
	VT=$W/tree/bin/vt
	chown -hR 65533:65533 tree
	capture vt run show
	is "root: runs another user's vt" "$rc ${out%%$'\n'*}$err" '0 $ cat in'
	rm -rf .vt
	as_somebody
	chown -hR 65533:65533 tree
	works "another user's vt"
	chown 65532 "tree/$libdir/vt-store-local.so"
	capture vt plugins list
	has "a plugin of a third user: refused" "$out" "'$W/tree/$libdir/vt-store-local.so' belongs to another user"
else
	skip "another user's vt" "this needs root"
fi
finish
