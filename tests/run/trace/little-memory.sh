# Containers give little: the tracer needs no shared memory and hardly any of its own.
. "${0%/*}/../../lib/functions.sh" || exit
CASE=$abs_top_builddir/tests/plugins/trace-case
workspace
file package.json '{"name":"app","private":true}'
for i in $(seq 1500); do echo $i >in$i; done
file vite-task.json '{"tasks":{"t":{"command":"sh -c \"cat in* | tail -n 1; ls | wc -l\""}}}'
settled() {                          # "story"
	is "$1: the task runs" "$rc $(printf '%s\n' "$out" | sed -n 2p)" "0 999"
	capture "${where[@]}" "$VT" run t; has "$1: it is kept" "$out" "cache hit"
	echo changed >in999; capture "${where[@]}" "$VT" run t
	has "$1: all that it read is an input" "$out" "cache miss: 'in999' modified"; echo 999 >in999; rm -rf .vt
}

if [ "$(id -u)" = 0 ] && unshare -m mount -t tmpfs -o size=1m none /dev/shm 2>/dev/null; then
	where=(base_env timeout 300 unshare -m sh -c 'mount -t tmpfs -o size=1m none /dev/shm; head -c 2000000 /dev/zero >/dev/shm/full 2>/dev/null; exec "$@"' sh)
	capture "${where[@]}" "$VT" run t
	settled "/dev/shm of 1 MiB, full"
else skip "a small /dev/shm" "only root can make one"; fi

# a memory cgroup, of whichever version is to be had
group=
one=/sys/fs/cgroup/memory$(sed -n 's/^[0-9]*:memory://p' /proc/self/cgroup) two=/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)
if mkdir "$one/vt-test-$$" 2>/dev/null; then
	group=$one/vt-test-$$; echo $((64 << 20)) >"$group/memory.limit_in_bytes" 2>/dev/null || { rmdir "$group"; group=; }
elif mkdir "$two/vt-test-$$" 2>/dev/null; then
	group=$two/vt-test-$$; echo $((64 << 20)) 2>/dev/null >"$group/memory.max" || { rmdir "$group"; group=; }
fi
if [ "$group" ]; then
	cleanup "rmdir '$group'"
	where=(base_env timeout 300 sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$group")
	capture "${where[@]}" "$VT" run t
	settled "64 MiB of memory"
	touch in-a-handler forked
	file vite-task.json "{\"tasks\":{\"t\":{\"command\":\"$CASE stress\"}}}"
	capture "${where[@]}" "$VT" run t
	is "64 MiB for many threads, forks and signals: the task runs" "$rc $err" "0 "
	capture "${where[@]}" "$VT" run t; has "... it is kept" "$out" "cache hit"
	until_true eval '[ -z "$(cat "$group/cgroup.procs")" ]'
else skip "64 MiB of memory" "no memory cgroup can be made here"; fi
finish
