# An older vt and this one use one cache folder in turn: neither takes away what the other has kept.
. "${0%/*}/../lib/functions.sh" || exit
OLD_COMMIT=591fa67
new=$VT
if [ -n "${OLD_VT-}" ]; then old=$OLD_VT
else
	requires git make autoconf
	git -C "$abs_top_srcdir" cat-file -e "$OLD_COMMIT^{commit}" 2>/dev/null || skip_all "the history of git is not here: commit $OLD_COMMIT"
	mkdir "$T/old"
	git -C "$abs_top_srcdir" archive "$OLD_COMMIT" | tar -C "$T/old" -xf -
	(cd "$T/old" && ./bootstrap autoreconf && mkdir build && cd build && ../configure -q --without-node --without-libgit2 CFLAGS=-O1 &&
		env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -j2 all) >"$T/old.log" 2>&1 || { tail -n 5 "$T/old.log" >&2; skip_all "commit $OLD_COMMIT cannot be built here"; }
	old=$T/old/build/core/vt
fi
workspace
pnpm a b
for p in a b; do
	file packages/$p/vite-task.json '{"tasks":{"build":{"command":"cp in out","input":["in"],"output":["out"]}}}'
	file packages/$p/in "$p 1"
done
# by WHICH STORY HITS: runs, with the products away, and counts
by() {
	rm -f packages/*/out
	VT=$1 capture vt run -r build
	is "$2" "$rc $(printf '%s\n' "$out" | grep -c 'cache hit, replaying') $(cat packages/a/out)" "0 $3 $(cat packages/a/in)"
	is "$2: no warning" "$err" ""
}
by "$old" "the older one runs" 0
by "$old" "the older one finds its results" 2
by "$new" "the newer one starts anew" 0
by "$new" "the newer one finds its results" 2
by "$old" "the older one still finds its own" 2
by "$new" "and so does the newer one" 2
file packages/a/in "a 2"
by "$new" "the newer one goes on" 1
by "$old" "the older one goes on" 1
by "$new" "each has the new results, the newer one" 2
by "$old" "... and the older one" 2
file packages/a/in "a 1"
by "$old" "the first results are there too, for the older one" 2
by "$new" "... and for the newer one" 2

# at the same time
file packages/b/vite-task.json '{"tasks":{"build":{"command":"sh -c '"'sleep 0.3; cp in out'"'","input":["in"],"output":["out"]}}}'
for i in 1 2 3; do
	file packages/b/in "b at once $i"
	_limited 120 "$old" run -r build >"$T/one" 2>&1 &
	one=$!
	_limited 120 "$new" run -r build >"$T/two" 2>&1
	is "both at once, $i: the newer one" "$?" 0
	wait $one
	is "both at once, $i: the older one" "$?" 0
done
by "$old" "afterwards the older one finds its results" 2
by "$new" "afterwards the newer one finds its results" 2
VT=$new capture vt cache clean
is "the newer one cleans" "$rc$err" 0
by "$old" "the older one runs after that" 0
finish
