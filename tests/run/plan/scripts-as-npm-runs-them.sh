# Some hundred scripts as package.json files have them: by vt as by `npm run`. Each by `sh -c` with npm's variables, as
# npm runs it; a few, by a seed, by npm itself (`make check-scripts`: all).
. "${0%/*}/../../lib/functions.sh" || exit
requires npm node bash
here=$abs_top_srcdir/tests/run/plan/scripts
seed=${VT_SEED:-$$}
npm=${VT_SCRIPTS_NPM:-3}
shards=4
cd "$T" && . "$here/fixture.sh"
echo "# seed $seed"
for ((i = 0; i < shards; i++)); do
	node "$here/run.cjs" "$VT" "$T/fixture" "$here/lines.txt" "$T" $i $shards "$npm" $((seed + i)) >"$T/told$i" 2>&1 &
done
wait
compared=0
for ((i = 0; i < shards; i++)); do
	read -r _ n _ < <(tail -n 1 "$T/told$i")
	compared=$((compared + ${n:-0}))
done
want=$(grep -c -v -E '^(#| |$)' "$here/lines.txt")
is "each line is compared" "$compared" "$want"
ok "there are some hundred lines" $((want < 400))
is "vt runs each line as npm does" "$(cat "$T"/told? | grep -v '^compared ')" ""
finish
