# A limit of processes and threads: commands that need none work, the rest is refused in a sentence.
. "${0%/*}/../../lib/functions.sh" || exit
requires setpriv
[ "$(id -u)" = 0 ] || skip_all "only root can become a user without other processes"
workspace
file package.json '{"name":"few"}'
file vite-task.json '{"tasks":{"hit":{"command":"/bin/echo known","cache":true,"input":[]},"miss":{"command":"/bin/echo new","cache":false}}}'
user=61234
chown -hR $user:$user "$T"
limited() { _limited 120 setpriv --reuid=$user --regid=$user --clear-groups bash -c '[ -z "$1" ] || ulimit -u "$1"; shift; exec "$@"' bash "$@"; }
capture limited "" "$VT" run hit
is "without a limit the step runs" "$rc $(printf '%s\n' "$out" | grep -c '^known$')" "0 1"
capture limited 1 "$VT" run hit
has "a limit of one process: a hit needs no other thread" "$rc $out" "cache hit, replaying"
for n in 1 2 3; do
	capture limited $n "$VT" run miss
	is "$n processes: a step that cannot be started fails" $rc 1
	has "... and the reason is told" "$out$err" "Resource temporarily unavailable"
done
capture limited 16 "$VT" run miss
is "16 processes: the step runs" "$rc $(printf '%s\n' "$out" | grep -c '^new$')" "0 1"
finish
