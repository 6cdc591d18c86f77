# Sourced by the tests of runs that several machines share: runners with checkouts and caches of their own, and one Redis server.
command -v redis-server >/dev/null && command -v redis-cli >/dev/null || skip_all "redis-server is not installed"
ls "$abs_top_builddir"/plugins/store-redis/.libs/*.so >/dev/null 2>&1 || skip_all "store-redis is left out of this build"
# members: a workspace of packages/*, whose results a Redis server of its own keeps (stores.sh)
members() {
	file package.json '{"name":"root","workspaces":["packages/*"]}'
	project store-redis ''
	redis_starts main
	team "\"url\": \"unix://$T/main.sock\""
}
# member NAME DEPENDENCIES TASKS: a package of it, with a file `in`
member() {
	file packages/$1/package.json "{\"name\":\"$1\",\"dependencies\":{$2}}"
	file packages/$1/vite-task.json "{\"tasks\":{$3}}"
	file packages/$1/in "in $1"
}
# runner NAME WORDS...: starts vt run in the checkout NAME, made if it is not there, in the background: $T/NAME.out, .err, .rc; $! is
# the shell that waits for it, $T/NAME.pid holds vt's process
runner() {
	local name=$1
	shift
	[ -d "$T/$name" ] || (clone "$name")
	rm -f "$T/$name.rc"
	(cd "$T/$name" && exec 9>&- && { with RUNNER_NAME="$name" vt run "$@" >"$T/$name.out" 2>"$T/$name.err" </dev/null; echo $? >"$T/$name.rc"; }) &
}
# runners WORDS... -- NAME...: starts one for each name, and waits for all
runners() {
	local words=() pids=() n
	while [ "$1" != -- ]; do words+=("$1"); shift; done
	shift
	for n; do runner "$n" "${words[@]}"; pids+=($!); done
	wait "${pids[@]}"
}
rc_of() { cat "$T/$1.rc" 2>/dev/null; }
shared_of() { sed -nE 's/^.*vt run: ([0-9]+ of [0-9]+ here, [0-9]+ elsewhere).*/\1/p' "$T/$1.out"; }
here_of() { shared_of "$1" | sed 's/ .*//'; }
# pid_of NAME: prints the pid of vt in the checkout
pid_of() {
	local p exe
	for p in /proc/[0-9]*; do
		exe=$(readlink "$p/exe" 2>/dev/null) || continue
		[ "$(readlink "$p/cwd" 2>/dev/null)" = "$T/$1" ] && [[ $exe == */core/vt || $exe == */lt-vt ]] && echo "${p#/proc/}" && return
	done
}
