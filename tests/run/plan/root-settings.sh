# `env` and `untrackedEnv` of the root file are those of all tasks and cached scripts.
. "${0%/*}/plan.sh" || exit
workspace
pnpm a b
file packages/a/package.json '{"name":"a","scripts":{"show":"sh -c \"echo $COUNTS $PASSES $OWN.\""}}'
file packages/b/vite-task.json '{"tasks":{"show":{"command":"sh -c \"echo $COUNTS $PASSES $OWN.\"","env":["OWN"],"untrackedEnv":["!PASSES2"]}}}'
file vite-task.json '{"cache":{"scripts":true},"env":["COUNT*"],"untrackedEnv":["PASSES*"]}'
for p in a b; do
	with COUNTS=1 PASSES=1 OWN=1 capture vt run $p#show
	[ $p = a ] && has "a: gets both root variables, and no other" "$out" "1 1 ." || has "b: gets both root variables and its own" "$out" "1 1 1."
	with COUNTS=1 PASSES=2 OWN=1 capture vt run $p#show
	has "$p: another value of an untracked variable is a hit" "$out" "cache hit"
	with COUNTS=2 PASSES=2 OWN=1 capture vt run $p#show
	has "$p: another value of a tracked variable is a miss" "$out" "cache miss: env 'COUNTS' changed"
done
with COUNTS=2 PASSES=2 OWN=3 capture vt run b#show
has "b: another value of its own variable is a miss" "$out" "cache miss: env 'OWN' changed"
file vite-task.json '{"env":["[x"]}'
capture vt run b#show
has "a wrong pattern: an error" "$err" "* invalid glob pattern '[x'"
finish
