# Many vt at once on one cache: all succeed with the right output, and the next run hits.
. "${0%/*}/../../lib/functions.sh" || exit
workspace
file pnpm-workspace.yaml 'packages: ["packages/*"]'
for p in 1 2 3 4 5 6 7 8; do
	file packages/p$p/package.json "{\"name\":\"p$p\"}"
	file packages/p$p/in "content $p"
	file packages/p$p/vite-task.json '{"tasks":{"build":{"command":"cat in","input":["in"]}}}'
done
pids=()
for i in 1 2 3 4 5 6; do
	( for r in 1 2 3 4 5; do
		echo "content $((i % 3))" >packages/p$i/in
		vt run -r build || echo "FAILED $?"
	done ) >"$T/many.$i" 2>&1 &
	pids+=($!)
done
( while [ ! -e "$T/over" ]; do vt cache stat; done ) >"$T/many.stat" 2>&1 &
wait "${pids[@]}"
: >"$T/over"
wait
is "many runs at once: none fails or warns" "$(grep -hE 'FAILED|warning|error' "$T"/many.* | sort | uniq -c)" ""
for i in 1 2 3 4 5 6; do echo "content $i" >packages/p$i/in; done
capture vt run -r --log=labeled build
wrong=$(for p in 1 2 3 4 5 6 7 8; do printf '%s\n' "$out" | grep -qxF "[p$p#build] content $p" || echo p$p; done)
is "... each result is what its input says" "$wrong" ""
capture vt run -r build
has "... the next run hits" "$out" "8/8 cache hit (100%)"
finish
