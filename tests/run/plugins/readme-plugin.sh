# The plugin on the README's front page works as it stands.
. "${0%/*}/../../lib/functions.sh" || exit
requires ${CC%% *}
mkdir -p "$T/home/.local/share/vt/plugins-1"
awk '/^```c$/ { on = 1; next } /^```$/ { on = 0 } on' "$abs_top_srcdir/README.md" >"$T/kernel.c"
has "the README shows a plugin" "$(cat "$T/kernel.c")" "#include <vt-plugin.h>"
$CC -Wall -Wextra -Wno-unused-parameter -Werror -shared -fPIC -I"$abs_top_srcdir/plugin-api" "$T/kernel.c" -o "$T/home/.local/share/vt/plugins-1/vt-kernel.so" 2>"$T/errors"
ok "the plugin compiles" $? || sed 's/^/# /' "$T/errors"
workspace
file package.json '{"name":"root"}'
file in.txt one
file vite-task.json '{"plugins": {"parts": {"kernel": true}}, "tasks": {"t": {"command": "cat in.txt", "input": ["in.txt"]}}}'
capture vt plugins list
is "the plugin is listed" "$rc $(printf '%s\n' "$out" | grep '^kernel ' | sed 's/  */ /g')" "0 kernel 1 part: kernel user ready"
vt run t >/dev/null 2>&1
capture vt run t
has "the fact that it names is in the key: the second run is a hit" "$out" "cache hit"
sed -i 's/BYTES("6.1")/BYTES("6.2")/' "$T/kernel.c"
$CC -w -shared -fPIC -I"$abs_top_srcdir/plugin-api" "$T/kernel.c" -o "$T/home/.local/share/vt/plugins-1/vt-kernel.so"
capture vt run t
hasnt "another kernel: a miss" "$out" "cache hit"
finish
