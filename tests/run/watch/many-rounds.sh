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
: "${ROUNDS:=${SOAK:+1000}}" "${ROUNDS:=120}"
with GLIBC_TUNABLES=glibc.malloc.tcache_count=0:glibc.malloc.arena_max=1 watching run-many build raw -r
memory() { awk '/^VmRSS/ { print $2 }' "/proc/$watcher/status"; }
files() { ls "/proc/$watcher/fd" | wc -l; }
round() { echo "$1 $2" >packages/b/src/in; [ $(($1 % 10)) -ne 0 ] || touch packages/a/package.json; again; }
for ((i = 0; i < ROUNDS / 3; i++)); do round $i one; done
settled
m=$(memory) f=$(files)
for ((; i < ROUNDS; i++)); do round $i two; done
settled
m2=$(memory) f2=$(files)
is "many rounds: no more descriptors" "$f2" "$f"
ok "many rounds: no more memory: $m KiB after $((ROUNDS / 3)) runs, $m2 KiB after $ROUNDS" $((m2 > m + m / 8))
ticks() { local -a s; read -ra s <"/proc/$watcher/stat"; echo $((s[13] + s[14])); }
woken() { awk '/^voluntary/ { print $2 }' "/proc/$watcher/status"; }
n=$(ticks) v=$(woken)
sleep 2
is "a watch that waits: takes no processor time" "$(($(ticks) - n)) $(($(woken) - v))" "0 0"
watched INT
is "... and ends" "$rc" 0
finish
