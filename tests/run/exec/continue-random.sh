# Random graphs in which some tasks fail: --continue runs just what a model says, cached or not, and always ends.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
seed
: "${ROUNDS:=12}"
bad=
# A graph of N packages; each waits for up to three earlier ones. Some fail, some are cached, some have two commands, some take two places.
round() {
	local n=$((RANDOM % 25 + 2)) i k deps fails=() waits=() want=() ran limit mode=$1 cached
	rm -rf packages vite-task.json .vt
	cached=$((RANDOM % 2))
	[ $cached = 1 ] && file vite-task.json '{"cache":true}'
	for ((i = 0; i < n; i++)); do
		deps= waits[i]=
		for ((k = RANDOM % 4; k > 0 && i > 0; k--)); do
			local d=$((RANDOM % i))
			[[ " ${waits[i]} " == *" $d "* ]] || { waits[i]+=" $d"; deps+="${deps:+,}\"p$d\":\"workspace:*\""; }
		done
		fails[i]=$((RANDOM % 6 == 0))
		local x="ran $i ${fails[i]}"
		[ $((RANDOM % 3)) = 0 ] && x="print first && $x && print last"
		file "packages/p$i/package.json" "{\"name\":\"p$i\",\"dependencies\":{$deps},\"scripts\":{\"x\":\"$x\"}}"
		[ $((RANDOM % 4)) = 0 ] && file "packages/p$i/vite-task.json" '{"tasks":{"x":{"weight":2}}}'
	done
	local failed=() any=0
	for ((i = 0; i < n; i++)); do
		failed[i]=0
		if [ "$mode" != always ]; then for k in ${waits[i]}; do [ "${failed[k]}" = 0 ] || failed[i]=1; done; fi
		[ "${failed[i]}" = 1 ] || { want+=("$i"); [ "${fails[i]}" = 0 ] || { failed[i]=1 any=7; }; }
	done
	limit=$((RANDOM % 4 + 1))
	for i in 1 2 3; do
		VT_TIMEOUT=60 capture vt run --continue=$mode --concurrency-limit $limit -r x
		ran=$(grep -oE 'ran [0-9]+' <<<"$(grep -v '\$' <<<"$out")" | sort -u | cut -d' ' -f2 | sort -n | tr '\n' ' ')
		[ "$rc $ran" = "$any $(printf '%s ' "${want[@]}")" ] || bad+="run $i of $n tasks, $mode, cached $cached, limit $limit: $rc $ran, not $any ${want[*]}"$'\n'
	done
}
workspace
file pnpm-workspace.yaml 'packages: ["packages/*"]'
tools
tool ran 'echo "ran $1"; [ "$2" = 0 ] || exit 7'
for ((r = 0; r < ROUNDS; r++)); do round dependencies-successful; round always; done
is "the tasks that run are those of the model" "$bad" ""
finish
