# The tree for other distributions needs nothing of them but glibc 2.31, and its bytes are the source's alone.
. "${0%/*}/../lib/functions.sh" || exit
. "${0%/*}/../lib/installed.sh"
requires objdump
bundled_tree
elves() { find "$TREE" -type f -exec sh -c 'head -c 4 "$1" | grep -q ELF && echo "$1"' sh {} \;; }
needed=$(elves | xargs -n 1 objdump -p 2>/dev/null | sed -n 's/^ *NEEDED *//p' | sort -u | grep -vxE 'lib(c|m|dl|pthread|rt)\.so\.[0-9]+|ld-linux-x86-64\.so\.2')
is "libc's libraries alone are loaded" "$needed" ""
newest=$(elves | xargs -n 1 objdump -T 2>/dev/null | grep -oE 'GLIBC_[0-9.]+' | sort -Vu | tail -n 1)
printf '# newest symbol: %s; all of it: %s KiB\n' "$newest" "$(du -sk --apparent-size "$TREE" | cut -f1)"
is "no symbol is newer than glibc 2.31" "$(printf '%s\nGLIBC_2.31\n' "$newest" | sort -V | tail -n 1)" GLIBC_2.31
is "the git plugin knows no TLS and no SSH" "$(strings -a "$TREE"/lib/vt/plugins-1/vt-fingerprint-git.so | grep -ciE 'mbedtls|openssl|libssh2')" 0
is "it has all plugins of this build" "$(cd "$TREE" && ls lib/vt/plugins-1 "$TREE".extra/*/lib/vt/plugins-1 2>/dev/null | grep '\.so$' | sort)" \
	"$(ls "$abs_top_builddir/plugins-1" | grep '\.so$' | sort)"
is "no path of this machine is in it" "$(grep -rlF "$abs_top_srcdir" "$TREE")" ""
there "the licences of what is linked in are there" "$TREE/share/doc/vt/bundled/libgit2.copyright"
[ "$(du -sk --apparent-size "$TREE" | cut -f1)" -le 5120 ]
ok "it is not larger than 5 MiB" $?

VT=$TREE/bin/vt
workspace
file package.json '{"name":"app"}'
file vite-task.json '{"tasks":{"show":{"command":"cat in"}}}'
file in one
capture vt run show
is "a task runs" "$rc ${out%%$'\n'*}$err" '0 $ cat in'
capture vt run show
has "its result is found again" "$out" "cache hit"
for so in "$TREE".extra/*/lib/vt/plugins-1/vt-*.so; do
	[ -e "$so" ] || continue
	name=${so##*/vt-} name=${name%.so}
	with VT_PLUGIN_PATH="${so%/*}" capture vt plugins info "$name"
	like "the plugin $name, which is apart, can be used" "$rc$err $out" "0 *state: *ready*"
	is "... and loads nothing but libc" "$(objdump -p "$so" | sed -n 's/^ *NEEDED *//p' | grep -vxE 'lib(c|m|dl|pthread|rt)\.so\.[0-9]+|ld-linux-x86-64\.so\.2')" ""
done
# Debian 11 is the oldest that is promised: it runs there, as an ordinary user, in whose programs the shim finds dlsym
old=${VT_DEBIAN_11:-$TREE.debian-11}
if [ -x "$old/bin/sh" ] && unshare -m mount --bind /proc "$old/proc" 2>/dev/null; then
	rm -rf "$old/home/try"
	mkdir -p "$old/home/try"
	cp -a "$TREE" "$old/home/try/vt tree"
	cp package.json vite-task.json in "$old/home/try"
	chown -R 65534:65534 "$old/home/try"
	capture unshare -m sh -c 'mount --bind /proc "$1/proc" && exec chroot --userspec=65534:65534 "$1" /usr/bin/env -i PATH=/usr/bin:/bin \
		HOME=/home/try TMPDIR=/tmp sh -c "cd /home/try && \"vt tree/bin/vt\" run show && \"vt tree/bin/vt\" run show"' sh "$old"
	is "it runs in Debian 11" "$rc$err" 0
	has "and keeps results there" "$out" "cache hit"
	rm -rf "$old/home/try"
else
	skip "it runs in Debian 11" "there is no tree of it, or nothing can be mounted"
fi

# the same source again, elsewhere
VT_DEBIAN_11=$old capture flock -w 3000 "$abs_top_builddir/package/lock" sh "$abs_top_srcdir/core/package/bundled.sh" "$abs_top_builddir/package/source" "$T/again"
[ "$rc" = 0 ] || printf '%s\n' "$err" | tail -n 30 | sed 's/^/# /'
is "it is built again" "$rc" 0
is "with the same bytes" "$(diff -r "$TREE" "$T/again" 2>&1)" ""
finish
