# Where the system gives too few watches, --watch says so in one line and looks at the files itself.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/watch.sh"
# in a user namespace of one's own the limits are one's own
if [ -z "${OWN_LIMITS-}" ]; then
	unshare -Ur sh -c 'echo 1 >/proc/sys/user/max_inotify_watches' 2>/dev/null || skip_all "no user namespace with limits of its own"
	rm -rf "$T"
	OWN_LIMITS=1 exec unshare -Ur bash "$0"
fi
for limit in max_inotify_watches max_inotify_instances; do
	before=$(cat /proc/sys/user/$limit)
	[ $limit = max_inotify_watches ] && echo 2 >/proc/sys/user/$limit || echo 0 >/proc/sys/user/$limit
	workspace
	pnpm a b
	for p in a b; do
		mkdir packages/$p/src
		echo $p >packages/$p/src/in
		file packages/$p/vite-task.json '{"tasks":{"build":{"command":"cat src/in"},"raw":{"command":"cat src/in","cache":false},"glob":{"command":"ls src","input":["src/**"]}}}'
	done
	watching run-many build raw glob -r
	is "$limit: one line tells it" "$(grep -c '^warning: the system gives ' "$T/log")" 1
	echo changed >packages/a/src/in
	again
	has "$limit, a changed file: starts the task that read it" "$seen" '~/packages/a$ cat src/in'
	hasnt "... and no other" "$seen" '~/packages/b$'
	echo 1 >packages/b/src/new
	again
	has "$limit, a new file: starts the task that declares it" "$seen" '~/packages/b$ ls src'
	rm packages/b/src/new
	again
	has "... a removed one, too" "$seen" '~/packages/b$'
	mkdir packages/c; cp packages/b/vite-task.json packages/c/; mkdir packages/c/src; echo c >packages/c/src/in
	file packages/c/package.json '{"name":"c"}'
	upto '~/packages/c$ cat src/in'
	has "$limit, a new package: found" "$seen" '~/packages/c$ cat src/in'
	settled
	ticks() { local -a f; read -ra f <"/proc/$watcher/stat"; echo $((f[13] + f[14])); }
	n=$(ticks); sleep 2; n=$(($(ticks) - n))
	ok "$limit: looking takes little of the processor ($n of 200 ticks)" $((n > 20))
	watched INT
	is "... and ends" "$rc" 0
	echo "$before" >/proc/sys/user/$limit
done
finish
