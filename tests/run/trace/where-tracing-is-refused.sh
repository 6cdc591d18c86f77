# Sandboxes, containers, an outer tracer, users without privileges: the task runs as
# always, and a task that cannot be followed is not kept, with the reason.
. "${0%/*}/../../lib/functions.sh" || exit
DENY=$abs_top_builddir/tests/plugins/trace-deny
CASE=$abs_top_builddir/tests/plugins/trace-case
workspace
file package.json '{"name":"app","private":true}'
task() { printf '{"tasks":{"t":{"command":"%s"}}}\n' "$1" >vite-task.json; }
under() { rm -rf .vt; capture base_env timeout 300 "$DENY" "$1" "$VT" run t; }
again() { capture base_env timeout 300 "$DENY" "$1" "$VT" run t; }
echo 1 >in; task 'sh -c \"cat in; echo err >&2; exit 0\"'

under eperm
is "no filter is allowed: the task runs" "$rc $err" "0 err"
has "... it is not kept" "$out" "automatic input tracking is not available (a sandbox forbids system call filters)"
under enosys
has "a kernel without filters: the reason is told" "$out" "automatic input tracking is not available (the kernel has no system call notifications"
under busy-noptrace
is "a listener, and no ptrace: the task runs" "$rc $err" "0 err"
has "... it is not kept" "$out" "automatic input tracking is not available ("
is "... vt plugins list says why" "$(base_env "$DENY" eperm "$VT" plugins list | awk '$1 == "trace-linux" { print $NF }')" none

under busy
is "a foreign listener: the task is traced by ptrace" "$rc $err" "0 err"
again busy
has "... it is kept" "$out" "cache hit"
echo 2 >in; again busy
has "... a file that it read is an input" "$out" "cache miss: 'in' modified"
touch in-a-handler forked by-dots
task "$CASE stress"; under busy
is "threads, signals and forks under ptrace: all run" "$rc $err" "0 "
again busy; hasnt "... the trace is complete" "$out" "incomplete"
task 'sh -c \"exit 7\"'; under busy
is "... exit codes are passed on" "$rc" 7
task 'sh -c \"kill -TERM $$\"'; under busy
is "... signals are passed on" "$rc" 143

# one vt in another's task: the inner says why it keeps nothing, the outer sees all
file vite-task.json "{\"tasks\":{\"t\":{\"command\":\"sh -c '\$VT_INNER run inner'\"},\"inner\":{\"command\":\"cat in\"}}}"
sed -i "s|\$VT_INNER|$VT|" vite-task.json
rm -rf .vt; capture vt run t
is "vt in a task of vt: both run" "$rc" 0
has "... the inner vt tells why it keeps nothing" "$out" "another tracer already holds the system calls"
capture vt run t
has "... the outer task is kept" "$out" "cache hit, replaying"
echo 3 >in; capture vt run t
has "... a file that the inner task read is an input" "$out" "cache miss: 'in' modified"

# without privileges: no_new_privs, which takes their rights from set-uid programs
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	chmod 755 "$T"; chown -R 65534:65534 "$W" "$T/home" "$T/run"
	user() { capture base_env setpriv --reuid=65534 --regid=65534 --clear-groups timeout 300 "$@"; }
	user "$VT" --version
	if [ "$rc" = 0 ]; then
		rm -rf .vt; task 'cat in'
		user "$VT" run t; user "$VT" run t
		has "an ordinary user: traced and kept" "$out" "cache hit"
		cp "$(command -v id)" sid; chown 0:0 sid; chmod 4755 sid; task './sid -u'
		user ./sid -u
		if [ "$out" = 0 ]; then
			user "$VT" run t
			has "a set-uid program: is noticed" "$out" "set-uid"
			user "$VT" run t
			like "... runs untraced from then on, with its rights" "$out" $'*\n0\n*'
			has "... is not kept, and the reason is told" "$out" "set-uid"
		else skip "set-uid programs" "they have no rights here"; fi
	else skip "an ordinary user" "vt cannot be run by one here"; fi
else skip "an ordinary user" "only root can become one"; fi
finish
