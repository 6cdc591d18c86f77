# A watch that lasts keeps nothing of a run that is over, neither memory nor descriptors; while it waits it does nothing.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/watch.sh"
workspace
pnpm a b c
for p in a b c; do
	mkdir packages/$p/src
	echo $p >packages/$p/src/in
	file packages/$p/vite-task.json '{"tasks":{"build":{"command":"mkdir -p dist && cp src/in dist/out","output":["dist/**"]},"raw":{"command":"cat src/in","cache":false}}}'
done
: "${ROUNDS:=${SOAK:+1000}}" "${ROUNDS:=150}"
with GLIBC_TUNABLES=glibc.malloc.tcache_count=0:glibc.malloc.arena_max=1:glibc.malloc.mmap_threshold=4096:glibc.malloc.mmap_max=100000 watching run-many build raw -r
memory() { awk '/^VmRSS/ { print $2 }' "/proc/$watcher/status"; }
files() { ls "/proc/$watcher/fd" | wc -l; }
# sampled FROM TO WORD LEAST|MOST: plays rounds; $ret: KiB after every fifth one of the last quarter
sampled() {
	local i kib
	ret=
	for ((i = $1; i < $2; i++)); do
		round $i $3
		[ $((i % 5)) = 4 ] && [ $i -ge $((($1 + 3 * $2) / 4)) ] || continue
		settled
		kib=$(memory)
		[ -n "$ret" ] && [ $4 = LEAST ] && [ $kib -ge $ret ] || { [ -n "$ret" ] && [ $4 = MOST ] && [ $kib -le $ret ]; } || ret=$kib
	done
}
round() { echo "$1 $2" >packages/b/src/in; [ $(($1 % 10)) -ne 0 ] || touch packages/a/package.json; again; }
sampled 0 $((ROUNDS / 3)) one MOST
m=$ret f=$(files)
sampled $((ROUNDS / 3)) "$ROUNDS" two LEAST
m2=$ret f2=$(files)
is "many rounds: no more descriptors" "$f2" "$f"
# (long blocks have pages of their own: gaps of the heap would count as memory that is kept)
ok "many rounds: no more memory: $m KiB at most in $((ROUNDS / 3)) runs, $m2 KiB at least in $ROUNDS" $((m2 > m + m / 16))
ticks() { local -a s; read -ra s <"/proc/$watcher/stat"; echo $((s[13] + s[14])); }
woken() { awk '/^voluntary/ { print $2 }' "/proc/$watcher/status"; }
n=$(ticks) v=$(woken)
sleep 2
is "a watch that waits: takes no processor time" "$(($(ticks) - n)) $(($(woken) - v))" "0 0"
watched INT
is "... and ends" "$rc" 0
finish
