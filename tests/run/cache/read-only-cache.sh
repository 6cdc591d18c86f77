# A cache that can be read but not written: stored results hit, other tasks run,
# one warning says so, and exit codes are the tasks'.
. "${0%/*}/../../lib/functions.sh" || exit
own_mounts
warnings() { printf '%s\n' "$err" | grep -c .; }
hits() { printf '%s\n' "$out" | grep -o '[0-9]*/[0-9]* cache hit' || true; }
# project: a, then b and c, which depend on it; each also restores a large file
project() {
	workspace
	pnpm a b c
	for p in a b c; do
		[ $p = a ] || file packages/$p/package.json "{\"name\":\"$p\",\"dependencies\":{\"a\":\"workspace:*\"}}"
		file packages/$p/in "$p 1"
		file packages/$p/build.sh 'mkdir -p dist; head -c 200000 /dev/zero >dist/large; cp in dist/small; cat in'
		file packages/$p/vite-task.json '{"tasks":{"build":{"command":"sh build.sh","input":["in"],"output":["dist/**"]},"bad":{"command":"sh -c \"exit 3\"","input":[]},"write":{"command":"cp in written","cache":false},"after":{"command":"cat written","input":["written"],"dependsOn":["write"]}}}'
	done
}
# story HOW ERROR: checks runs on a cache that HOW made read-only; the warning quotes ERROR
story() {
	capture vt run -r build
	is "$1: all are hits" "$rc:$(hits)" "0:3/3 cache hit"
	is "$1: ... and nothing is said" "$err" ""
	rm -rf packages/*/dist
	capture vt run -r build
	is "$1: ... that restore missing outputs" "$rc:$(hits):$(cat packages/*/dist/small | tr '\n' ' ')$(cat packages/*/dist/large | wc -c)" "0:3/3 cache hit:a 1 b 1 c 1 600000"
	is "$1: ... and nothing is said" "$err" ""
	is "$1: ... and leave nothing else" "$(ls -A packages/*/dist | sort -u | tr "\n" " ")" " large packages/a/dist: packages/b/dist: packages/c/dist: small "
	echo "a 2" >packages/a/in
	for i in 1 2; do
		capture vt run --concurrency-limit 1 -r build
		is "$1: one task has changed: it runs, the others hit ($i)" "$rc:$(hits)" "0:2/3 cache hit"
		has "$1: ... with its reason ($i)" "$out" "○ cache miss: 'packages/a/in' modified, executing
a 2"
		is "$1: ... with one warning ($i)" "$(warnings)" 1
		has "$1: ... that says what ($i)" "$err" "warning: plugin 'store-local': cannot write to the cache: $2; nothing more is kept there in this run"
	done
	# a cache that takes no file cannot show the clock of the workspace's file system
	blamed=0
	for i in $(seq 16); do
		capture vt run a#after
		[[ $out == *"not cached"* ]] && blamed=$((blamed + 1))
	done
	is "$1: files of one task do not count as changed while the next one runs" "$blamed" 0
	capture vt run a#bad
	is "$1: a task that fails has its own exit code" "$rc:$err" 3:
	capture vt run nosuch
	is "$1: an unknown task exits with 1" "$rc" 1
	echo "a 1" >packages/a/in
}
# ready HOW: checks runs on the cache after it became writable again
ready() {
	capture vt run -r build
	is "$1: writable again: what a run left of which nothing was kept is made anew" "$rc:$(hits):$err" "0:2/3 cache hit:"
	capture vt run -r build
	is "$1: ... and nothing was harmed" "$rc:$(hits):$err" "0:3/3 cache hit:"
}

project
as_somebody
capture vt run -r build
before=$(find .vt -printf '%P %s %T@\n' | sort)
chmod -R a-w .vt
story "rights" "Permission denied"
chmod -R u+w .vt
is "rights: nothing was written there" "$(find .vt -printf '%P %s %T@\n' | sort)" "$before"
ready "rights"

# a cache that another user owns
if [ "$(id -u)" = 0 ] && [ "$(cat /proc/self/uid_map | tr -s ' ')" = " 0 0 4294967295" ]; then
	chown -hR 0:0 .vt; chmod -R a+rX .vt
	capture vt run -r build
	is "a cache of another user is not used" "$rc:$(hits)" "0:0/3 cache hit"
	is "... with one warning" "$err" "warning: the cache is not used: '$W/.vt' belongs to another user; remove it, or name another folder with VT_CACHE_DIR"
	chown -hR 65534:65534 .vt
fi

# no cache can be made: its parent is not writable
rm -rf .vt
chmod a-w .
capture vt run -r build
is "no cache can be made: all run" "$rc:$(hits)" "0:0/3 cache hit"
is "no cache can be made: one warning" "$(warnings)" 1
chmod u+w .

unset -f vt
vt() { base_env timeout -k 5 "${VT_TIMEOUT:-300}" "$VT" "$@"; }
project
capture vt run -r build
mount --bind .vt .vt && mount -o remount,bind,ro .vt
ok "a file system that is mounted read-only" $?
story "mounted" "Read-only file system"
umount .vt
ready "mounted"
finish
