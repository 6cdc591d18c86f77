# A program that runs the same command again and again keeps nothing of a run that is over:
# neither memory nor descriptors. The allocator runs without its caches, so that the bytes in
# use are those that were asked for.
. "${0%/*}/../../lib/functions.sh" || exit
AGAIN=$abs_top_builddir/tests/lib/run-again
[ -x "$AGAIN" ] || skip_all "tests/lib/run-again is not built"
# vt finds its plugins, its supervisor and its addon relative to its own path
mkdir -p "$T/build/core"
cp "$AGAIN" "$T/build/core/run-again"
cp "$abs_top_builddir/core/vt-supervisor" "$T/build/core/"
ln -s "$abs_top_builddir/plugins-1" "$abs_top_builddir/plugin-api" "$T/build/"
again() { _limited 300 GLIBC_TUNABLES=glibc.malloc.tcache_count=0:glibc.malloc.arena_max=1 "${under[@]}" "$T/build/core/run-again" "$@"; }
under=()

workspace
pnpm a b c
for p in a b c; do
	mkdir -p packages/$p/src
	echo $p >packages/$p/src/file
	file packages/$p/vite-task.json '{"tasks":{"build":{"command":"mkdir -p dist && cp src/file dist/file && echo built",
		"input":["src/**"],"output":["dist/**"]},
		"traced":"cat src/file","always":{"command":"cat src/file","cache":false},
		"tick":{"command":"echo tick >>count","cache":false},
		"changed":{"command":"mkdir -p out && cp count out/count","input":["count"],"output":["out/**"],"dependsOn":["tick"]}}}'
done
vt run -r build >/dev/null
vt run -r traced >/dev/null

# grows COLUMN: counts how many of the last twenty runs set a new maximum. The C library keeps the
# stack of a thread that has ended, so a run with more threads than each run before it adds memory
# once, and a sanitizer allocates memory of its own; a leak makes nearly each run set a new
# maximum.
grows() { awk -v c="$1" '$c > most { most = $c; n += NR > 4 } END { print (NR < 24 ? NR " runs only" : n > 9 ? "after " n " of 20 runs" : "no") }' "$T/report"; }
codes() { cut -d' ' -f1 "$T/report" | sort | uniq -c | tr -s ' '; }
story() {                      # story NAME TASK
	capture again "$T/report" 24 -r "$2"
	is "$1: each run succeeds" "$(codes) $err" " 24 0 "
	is "$1: do the descriptors become more?" "$(grows 3)" no
	is "$1: does the memory become more?" "$(grows 2)" no
}
story "hits" build
story "traced hits" traced
story "uncached tasks" always
story "misses that are stored" changed
if command -v valgrind >/dev/null && [[ -z ${ASAN_OPTIONS+x}${TSAN_OPTIONS+x} ]]; then
	under=(valgrind -q --leak-check=full --errors-for-leak-kinds=definite,indirect --error-exitcode=9 --trace-children=no
		--suppressions="$abs_top_srcdir/tests/lib/valgrind.supp")
	for task in build changed; do
		capture again
		[ "$rc" = 99 ] || { skip "valgrind finds nothing: $task" "this valgrind cannot read what this compiler wrote"; continue; }
		capture again "$T/report" 2 -r $task
		# --12-- WARNING: valgrind does not know a system call, and vt works without it
		is "valgrind finds nothing: $task" "$rc $(grep -v '^--' <<<"$err")" "0 "
	done
else
	skip "valgrind finds nothing" "there is no valgrind here, or a sanitizer watches"
fi
finish
