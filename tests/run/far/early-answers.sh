# In a fresh clone tasks go on when the far store has answered for them and for those beside them, and not when the last answer came.
. "${0%/*}/../../lib/functions.sh" || exit
. "${0%/*}/../../lib/far.sh" || exit
EARLY=160 LATE=40                        # more early tasks than are looked up before their turn
packages=()
for ((i = 100; i < 100 + EARLY; i++)); do packages+=("a$i"); done
for ((i = 100; i < 100 + LATE; i++)); do packages+=("z$i"); done
workspace
pnpm "${packages[@]}"
for p in "${packages[@]}"; do
	file packages/$p/in.txt $p
	file packages/$p/vite-task.json '{"tasks": {"t": {"command": "cp in.txt out", "input": ["in.txt"], "output": ["out"]}}}'
done
config '' '{"use": "far-single", "as": "main", "timeout": "10m"}'
user
capture vt run -r t
is "the first clone: fills the store" "$rc$err" 0
all() { ls packages/*/out 2>/dev/null | wc -l; }

clone names
user "\"names\": \"$T/asked\""
capture vt run --filter 'a*' t
is "another clone: asks for the steps of its tasks alone" "$rc$err $(grep -c '^7-' "$T/asked") $(all)" "0 $EARLY $EARLY"
grep '^7-' "$T/asked" >"$T/early"

clone late
user "\"early\": \"$T/early\""
vt run -r t >"$T/late.out" 2>"$T/late.err" &
until_true test -e packages/a100/out
is "the first task's output is back while answers for the last are still to come" "$? $(ls packages/z*/out 2>/dev/null | wc -l)" "0 0"
rm -f "$T/early"
wait $!
is "the last tasks follow" "$? $(cat "$T/late.err") $(all)" "0  $((EARLY + LATE))"
has "... all of them hits" "$(tail -n 3 "$T/late.out")" "$((EARLY + LATE))/$((EARLY + LATE)) cache hit (100%)"
rm -rf packages/*/out
quiet
capture vt run -r t
has "... and all of them near" "$out" "$((EARLY + LATE))/$((EARLY + LATE)) cache hit (100%)"
is "... so that the store is not asked again" "$rc$err $(calls) $(all)" "0 0 $((EARLY + LATE))"
finish
