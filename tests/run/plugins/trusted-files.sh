# Only files that no other user could have put there are loaded.
. "${0%/*}/../../lib/functions.sh" || exit
requires ${CC%% *}
workspace
file package.json '{"name":"root"}'
mkdir -p "$T/p/q"
$CC -shared -fPIC -pthread -w -I"$abs_top_srcdir/plugin-api" -DNAME='"good"' "$abs_top_srcdir/tests/plugins/rogue.c" -o "$T/p/q/vt-good.so" || exit 99
try() { with VT_PLUGIN_PATH="$T/p/q" capture vt plugins list; got=$(printf '%s\n' "$out" | grep -E '^good |vt-good.so ' | sed 's/  */ /g' | sed "s|^[^ ]* ||"); }

try
is "a file of one's own: ready" "$got" "1.0 store env ready"
chmod o+w "$T/p/q/vt-good.so"; try
is "a file that everybody can write: skipped" "$got" "- - env skipped '$T/p/q/vt-good.so' can be written by everybody"
chmod o-w "$T/p/q/vt-good.so"; chmod o+w "$T/p"; try
is "a file below a folder that everybody can write: skipped" "$got" "- - env skipped '$T/p' can be written by everybody"
chmod o-w "$T/p"
if [ "$(id -u)" = 0 ]; then
	chmod +t,o+w "$T/p"; try
	is "a file below a sticky folder of root: ready" "$got" "1.0 store env ready"
	chmod -t,o-w "$T/p"
	chown 65533 "$T/p/q/vt-good.so"; try
	is "a file of another user: skipped" "$got" "- - env skipped '$T/p/q/vt-good.so' belongs to another user"
	chown 65533 "$W"; try
	is "... also for root in a workspace of that user" "$got" "- - env skipped '$T/p/q/vt-good.so' belongs to another user"
	chown 0 "$W" "$T/p/q/vt-good.so"
	chgrp 65533 "$T/p/q"; chmod g+w "$T/p/q"; try
	is "a file in a folder that a group can write: skipped" "$got" "- - env skipped '$T/p/q' can be written by its group"
	chmod g-w "$T/p/q"; chgrp 0 "$T/p/q"
fi

# a trusted path is not checked again; one that merely begins or stands like it is
mkdir -p "$T/near/q" "$T/near/qq" "$T/near/q/deep"
cp "$T/p/q/vt-good.so" "$T/near/q"
for n in two three; do
	$CC -shared -fPIC -pthread -w -I"$abs_top_srcdir/plugin-api" -DNAME="\"$n\"" "$abs_top_srcdir/tests/plugins/rogue.c" -o "$T/near/vt-$n.so" || exit 99
done
mv "$T/near/vt-two.so" "$T/near/qq"; mv "$T/near/vt-three.so" "$T/near/q/deep"
chmod o+w "$T/near/qq" "$T/near/q/deep"
with VT_PLUGIN_PATH="$T/near/q:$T/near/qq:$T/near/q/deep" capture vt plugins list
got=$(printf '%s\n' "$out" | grep near | grep -c 'can be written by everybody')
is "folders that everybody can write: skipped beside and below a good folder of nearly the same name" "$got" 2

mkdir -p "$W/inner"
ln -s "$T/p/q/vt-good.so" "$W/inner/vt-good.so"
with VT_PLUGIN_PATH="$W/inner" capture vt plugins list
has "a link in the workspace to a file outside: skipped" "$out" "skipped  inside the workspace"
cp "$T/p/q/vt-good.so" "$W/inner/vt-real.so"
mkdir "$T/links" && ln -s "$W/inner/vt-real.so" "$T/links/vt-real.so"
with VT_PLUGIN_PATH="$T/links" capture vt plugins list
has "a link outside to a file in the workspace: skipped" "$out" "skipped  inside the workspace"
cd "$T/p/q" && with VT_PLUGIN_PATH=".:" capture vt plugins list
hasnt "relative and empty entries of the path: no file is listed" "$out" "vt-good"
hasnt "... also by another name" "$out" "good "
cd "$W"

# settings that only the user may give
file vite-task.json '{
  "plugins": {
    "paths": ["/tmp/x"]
  }
}'
capture vt plugins list
is "the workspace's configuration: cannot name files" "$rc $err" "1 error: vite-task.json:3:14: \`plugins.paths\` is taken from the user's configuration only, $T/home/.config/vt/config.json"
rm -f vite-task.json in.txt
file "$T/home/.config/vt/config.json" "{\"plugins\": {\"paths\": [\"$T/p/q\"]}} // the user's"
capture vt plugins list
is "the user's configuration: can name files" "$(printf '%s\n' "$out" | grep '^good ' | sed 's/  */ /g')" "good 1.0 store config ready"
file "$T/home/.config/vt/config.json" '{"plugins": {"paths": ["relative"]}}'
capture vt plugins list
is "... by absolute paths only" "$rc $err" "1 error: $T/home/.config/vt/config.json: \`plugins.paths\` may hold absolute paths only; found string \"relative\""

# a file of the workspace, by its bytes
sum=$(sha256sum "$W/inner/vt-real.so" | cut -d' ' -f1)
$CC -shared -fPIC -pthread -w -I"$abs_top_srcdir/plugin-api" -DNAME='"real"' "$abs_top_srcdir/tests/plugins/rogue.c" -o "$W/inner/vt-real.so" || exit 99
good=$(sha256sum "$W/inner/vt-real.so" | cut -d' ' -f1)
listed() { printf '%s\n' "$out" | grep -E '^real |vt-real.so ' | sed 's/  */ /g' | sed "s|^[^ ]* ||"; }
pin() { file "$T/home/.config/vt/config.json" "{\"plugins\": {\"paths\": [{\"file\": \"$W/inner/vt-real.so\", \"sha256\": \"$1\"}]}}"; }
file "$T/home/.config/vt/config.json" "{\"plugins\": {\"paths\": [\"$W/inner\"]}}"
capture vt plugins list
is "a folder of the workspace in the user's configuration: skipped" "$(listed)" "- - config skipped inside the workspace"
pin "$good"
capture vt plugins list
is "a file of the workspace with its SHA-256: ready" "$(listed)" "1.0 store config ready"
file in.txt one
file vite-task.json '{"plugins": {"stores": ["real"]}, "tasks": {"t": {"command": "cat in.txt", "input": ["in.txt"]}}}'
capture vt run t
is "... and a run can use it" "$rc$err" 0
# the rogue tells where its code is
$CC -shared -fPIC -pthread -w -I"$abs_top_srcdir/plugin-api" -DNAME='"real"' -DROGUE_WHERE "$abs_top_srcdir/tests/plugins/rogue.c" -o "$W/inner/vt-real.so" || exit 99
pin "$(sha256sum "$W/inner/vt-real.so" | cut -d' ' -f1)"
capture vt run t
like "... as a sealed copy of the file" "$err" "warning: plugin 'real': I run from /proc/self/fd/*"
rm -f vite-task.json in.txt
with VT_PLUGIN_PATH="$T/links" capture vt plugins list
is "the same file by another name: shadowed" "$(listed | tail -1)" "- - env shadowed by $W/inner/vt-real.so"
printf x >>"$W/inner/vt-real.so"
bad=$(sha256sum "$W/inner/vt-real.so" | cut -d' ' -f1)
capture vt plugins list
is "the file with one byte more: refused" "$(listed)" "- - config refused its SHA-256 is $bad, the user's configuration lists another"
pin "${good%?}"
capture vt plugins list
is "half of a SHA-256: an error" "$rc $err" "1 error: $T/home/.config/vt/config.json: \`plugins.paths\`: '$W/inner/vt-real.so' needs its \`sha256\`, 64 hexadecimal digits as sha256sum prints them, and nothing else"
file "$T/home/.config/vt/config.json" '{"plugin": {}}'
capture vt plugins list
is "an unknown key in the user's file: an error" "$rc $err" "1 error: $T/home/.config/vt/config.json:1:12: unknown key \`plugin\`; the one known here is \`plugins\`"
finish
