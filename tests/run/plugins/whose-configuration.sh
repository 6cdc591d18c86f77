# The user's configuration can load plugins and hold secrets: a file that another user could have written there is not
# the user's, nor is a file in the workspace.
. "${0%/*}/../../lib/functions.sh" || exit
requires ${CC%% *} sha256sum
workspace
file package.json '{"name":"r"}'
file vite-task.json '{"tasks":{"t":{"command":"/bin/echo hello"}}}'
cat >"$T/evil.c" <<C
#include <fcntl.h>
__attribute__((constructor)) static void x(void) { open("$T/LOADED", O_CREAT | O_WRONLY, 0644); }
const void *vt_plugin_entry(unsigned m) { (void)m; return 0; }
C
$CC -shared -fPIC -o vt-evil.so "$T/evil.c" || exit 99
pin="{\"plugins\":{\"paths\":[{\"file\":\"$W/vt-evil.so\",\"sha256\":\"$(sha256sum vt-evil.so | cut -d' ' -f1)\"}]}}"
mkdir -p "$T/home/.config/vt"
conf=$T/home/.config/vt/config.json
# ignored WHAT WHY [VARIABLE]...: nothing of the file is obeyed, and one line says so
ignored() {
	local what=$1 why=$2 do; shift 2
	rm -f "$T/LOADED"
	for do in "plugins list" "plugins info evil" "run t"; do
		with "$@" capture vt $do
		is "$what, vt $do: nothing of the file is loaded" "$(ls "$T/LOADED" 2>/dev/null)" ""
		has "$what, vt $do: one line tells why" "$err" "config.json is not read, for it may not be yours: $why"
		is "$what, vt $do: ... once" "$(printf '%s\n' "$err" | grep -c 'is not read')" 1
	done
	is "$what: the task runs" "$rc:$(printf '%s' "$out" | grep -c hello)" 0:2
}
file "$conf" "$pin"; chmod 600 "$conf"
capture vt plugins list
there "the user's own file: obeyed" "$T/LOADED"
is "... without a warning" "$err" ""

mkdir -p .config/vt; cp "$conf" .config/vt/config.json
ignored "HOME is the workspace" "it stands inside the workspace" HOME="$W" XDG_CONFIG_HOME=
ignored "XDG_CONFIG_HOME is in the workspace" "it stands inside the workspace" XDG_CONFIG_HOME="$W/.config"
mv "$conf" "$conf.own"; ln -s "$W/.config/vt/config.json" "$conf"
ignored "a link into the workspace" "it stands inside the workspace"
rm "$conf"
mkdir away; ln -s "$conf.own" away/config.json; mkdir -p .home/vt; ln -s "$conf.own" .home/vt/config.json
ignored "a link in the workspace" "it stands inside the workspace" XDG_CONFIG_HOME="$W/.home"
mv "$conf.own" "$conf"

chmod 666 "$conf"; ignored "a file that everybody can write" "'$conf' can be written by everybody"; chmod 600 "$conf"
chmod 777 "$T/home/.config"; ignored "a folder above that everybody can write" "'$T/home/.config' can be written by everybody"; chmod 700 "$T/home/.config"
if [ "$(id -u)" = 0 ]; then
	chown 65533 "$conf"; ignored "a file of another user" "'$conf' belongs to another user"; chown 0 "$conf"
	chown 65533 "$T/home/.config"; ignored "a folder of another user" "'$T/home/.config' belongs to another user"; chown 0 "$T/home/.config"
	chgrp 65533 "$conf"; chmod 660 "$conf"; ignored "a group can write it" "'$conf' can be written by its group"; chgrp 0 "$conf"; chmod 600 "$conf"
else
	skip "another user's" "only root can give a file away"
fi
mkdir "$T/dotfiles"; mv "$conf" "$T/dotfiles"; ln -s "$T/dotfiles/config.json" "$conf"; rm -f "$T/LOADED"
capture vt plugins list
there "a link to one's own file: followed" "$T/LOADED"
finish
