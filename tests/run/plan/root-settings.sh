# `env` and `untrackedEnv` of the root file are those of all tasks and cached scripts.
. "${0%/*}/plan.sh" || exit
workspace
pnpm a b
file packages/a/package.json '{"name":"a","scripts":{"show":"sh -c \"echo $COUNTS $PASSES $OWN.\""}}'
file packages/b/vite-task.json '{"tasks":{"show":{"command":"sh -c \"echo $COUNTS $PASSES $OWN.\"","env":["OWN"],"untrackedEnv":["!PASSES2"]}}}'
file vite-task.json '{"cache":{"scripts":true},"env":["COUNT*"],"untrackedEnv":["PASSES*"]}'
for p in a b; do
	with COUNTS=1 PASSES=1 OWN=1 capture vt run $p#show
	[ $p = a ] && has "a: it gets both, and no others" "$out" "1 1 ." || has "b: it gets both and its own" "$out" "1 1 1."
	with COUNTS=1 PASSES=2 OWN=1 capture vt run $p#show
	has "$p: what is untracked does not count" "$out" "cache hit"
	with COUNTS=2 PASSES=2 OWN=1 capture vt run $p#show
	has "$p: the other does" "$out" "cache miss: env 'COUNTS' changed"
done
with COUNTS=2 PASSES=2 OWN=3 capture vt run b#show
has "beside its own" "$out" "cache miss: env 'OWN' changed"
file vite-task.json '{"env":["[x"]}'
capture vt run b#show
has "a pattern that is none is told" "$err" "* invalid glob pattern '[x'"
finish
