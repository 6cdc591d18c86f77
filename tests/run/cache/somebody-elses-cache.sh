# A cache folder that other users can write, or that another user owns, is not used: the
# task runs, with one warning.
. "${0%/*}/../../lib/functions.sh" || exit
workspace
file package.json '{"name":"r"}'
file in.txt one
file vite-task.json '{"tasks":{"t":{"command":"cat in.txt","input":["in.txt"]}}}'
refused() {
	capture with VT_CACHE_DIR="$T/c" vt run t
	capture with VT_CACHE_DIR="$T/c" vt run t
	is "$1: the task runs" "$rc" 0
	has "$1: ... and prints" "$out" one
	hasnt "$1: no result is taken from it" "$out" "cache hit"
	is "$1: ... with one warning" "$(printf '%s\n' "$err" | grep -c '^warning: ')" 1
	has "$1: ... that names the cache" "$err" "$T/c"
}
capture with VT_CACHE_DIR="$T/c" vt run t
capture with VT_CACHE_DIR="$T/c" vt run t
has "a cache of one's own is used" "$out" "cache hit"
# a folder that the user names may be readable for others, and reached through a link
chmod -R go+rX "$T/c"; ln -s c "$T/link"
capture with VT_CACHE_DIR="$T/link" vt run t
has "a cache that others may read, through a link: used" "$out" "cache hit"
is "... without a warning" "$err" ""
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	chmod 755 "$T" "$T/home" "$W"; chmod -R go+rX "$T/c"; chmod 644 "$T/c/v2/key"
	capture with VT_CACHE_DIR="$T/c" base_env setpriv --reuid 65534 --regid 65534 --clear-groups "$VT" run t
	has "a cache of root that others cannot write: used" "$out:$err" "cache hit"
fi
chmod -R go-rwx "$T/c"
chmod 777 "$T/c"
refused "writable by others"
chmod 700 "$T/c"
if [ "$(id -u)" = 0 ]; then
	chown -R 65534 "$T/c"
	refused "owned by another user"
	chown -R 0 "$T/c"
else
	skip "owned by another user" "only root can give a folder away"
fi
capture with VT_CACHE_DIR="$T/c" vt run t
has "with its rights restored it is used again" "$out" "cache hit"
finish
