# vt works as CI runs it: for a user without a name, in bubblewrap, without the right to trace, in a checkout that is read-only.
. "${0%/*}/../../lib/functions.sh" || exit
. "${0%/*}/../../lib/installed.sh"
stage "$T/vt tree"
VT="$T/vt tree/bin/vt"
chmod 755 "$T"
nowhere="HOME=/nowhere XDG_RUNTIME_DIR=/nowhere XDG_CONFIG_HOME=/nowhere XDG_DATA_HOME=/nowhere"
sources() {
	workspace "$1"
	file package.json '{"name":"app"}'
	file vite-task.json '{"tasks":{"show":{"command":"cat in"}}}'
	file in one
}
# twice STORY COMMAND...: the command runs a task, then hits
twice() {
	local story=$1; shift
	capture "$@"
	is "$story: the task runs" "$rc $(printf '%s\n' "$out" | grep -c '^one$') $(printf '%s\n' "$out" | grep -c 'cache hit')$err" "0 1 0"
	capture "$@"
	has "$story: the second run hits" "$out" "cache hit"
}
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	sources nameless
	chown -R 54321:54321 "$W"
	twice "a user without a name" _limited 60 $nowhere setpriv --reuid=54321 --regid=54321 --clear-groups "$VT" run show
	sources no-ptrace
	twice "root without rights" _limited 60 setpriv --bounding-set=-all --inh-caps=-all --no-new-privs "$VT" run show
	chown -R 54321:54321 "$W"
	rm -rf .vt
	twice "a user without rights, and none to be had" _limited 60 $nowhere setpriv --reuid=54321 --regid=54321 --clear-groups --bounding-set=-all --no-new-privs "$VT" run show
else
	skip "a user without a name" "this needs root"
fi

sources boxed
if command -v bwrap >/dev/null && bwrap --dev-bind / / --proc /proc true 2>/dev/null; then
	twice "in bubblewrap" _limited 60 bwrap --ro-bind / / --proc /proc --dev /dev --tmpfs /tmp --bind "$T" "$T" --unshare-pid --unshare-net --die-with-parent --chdir "$W" "$VT" run show
	rm -rf .vt
	mkdir "$T/cache"
	chmod 700 "$T/cache"
	twice "in a checkout that is read-only" _limited 60 VT_CACHE_DIR="$T/cache" bwrap --ro-bind / / --proc /proc --dev /dev --tmpfs /tmp \
		--bind "$T" "$T" --ro-bind "$W" "$W" --unshare-pid --chdir "$W" "$VT" run show
	capture _limited 60 bwrap --ro-bind / / --proc /proc --dev /dev --tmpfs /tmp --bind "$T" "$T" --ro-bind "$W" "$W" --unshare-pid --chdir "$W" "$VT" run show
	is "... without a place for the cache the task runs" "$rc $(printf '%s\n' "$out" | grep -c '^one$')" "0 1"
	is "... and one line tells why" "$(printf '%s\n' "$err" | grep -c '^warning: ')" 1
else
	skip "in bubblewrap" "bwrap cannot be used here"
fi

# tar restores the cache between jobs, as in CI
sources kept
capture "$VT" run show
is "a job: packs its cache" "$rc" 0
tar -C "$W" -cf "$T/kept.tar" .vt
sources kept
tar -C "$W" -xf "$T/kept.tar"
capture vt run show
is "the next job: hits" "$rc $(printf '%s\n' "$out" | grep -c 'cache hit, replaying')$err" "0 1"

workspace recipes
file package.json '{"name":"root","workspaces":["a"]}'
file a/package.json '{"name":"a","scripts":{"build":"echo built >>../log","test":"echo tested >>../log"}}'
while read -r line; do
	rm -f log
	read -ra words <<<"${line#*npx vt }"
	"$VT" "${words[@]}" >/dev/null 2>&1
	is "the page for CI: vt ${words[*]}" "$(sort log | tr '\n' ' ')" "built tested "
done < <(grep -E '^ +- (run: )?npx vt run' "$abs_top_srcdir/core/package/ci.md")
finish
