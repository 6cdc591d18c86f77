# A dry run says what the cache knows of each step, and changes nothing.
. "${0%/*}/plan.sh" || exit
workspace
pnpm a b
file packages/a/package.json '{"name":"a","dependencies":{"b":"workspace:*"}}'
file packages/a/vite-task.json '{"tasks":{"build":{"command":"cp x y","input":["x"],"output":["y"],"env":["MODE"]}}}'
file packages/b/vite-task.json '{"tasks":{"build":{"command":"echo b && cp x y","input":["x"],"output":["y"]}}}'
file packages/a/x 1; file packages/b/x 1
# status ARGUMENTS...: of all cached steps in order
status() { capture vt run --dry-run --json "$@"; status=$(jq -r '[.plan[].steps[].cache | select(.) | .status] | join(" ")' <<<"$out"); }
status -r build
is "a first run: no step has a result to compare with" "$status" "noBaseline noBaseline"
gone "... and no cache is made" .vt
capture vt run -r build
before=$(find .vt -type f | sort | xargs cksum)
status -r build
is "after a run: both steps would hit" "$status" "hit hit"
is "... with how long they took" "$(jq '[.plan[].steps[].cache.baseline | values | .durationMs | numbers] | length <= 2' <<<"$out")" true
capture vt run --dry-run -r build
is "as text: in the order of a run" "$rc $out" "0 ~/packages/b\$ echo b ⊘ cache disabled
~/packages/b\$ cp x y ◉ cache hit
~/packages/a\$ cp x y ◉ cache hit
vt run: 2/3 cache hit (66%), nothing was run."
is "the cache is unchanged afterwards" "$(find .vt -type f | sort | xargs cksum)" "$before"
file packages/b/x 2
status -r build
is "a step after one that would run: unknown" "$status" "unknown changed"
is "... and the one that would run has its reason" "$(jq -c '.plan["packages/b#build"].steps[1].cache.changes' <<<"$out")" '[{"kind":"file","path":"packages/b/x","change":"changed"}]'
status --ignore-depends-on -F a build
is "a step that does not wait for it: known" "$status" "hit"
with MODE=x status -r build
is "a changed variable of a later step: known, because no step changes it" "$status" "changed changed"
is "... and told without its value" "$(jq -c '.plan["packages/a#build"].steps[0].cache.changes' <<<"$out")" '[{"kind":"env","name":"MODE","change":"added"}]'
file packages/b/x 1; rm packages/b/y
status -r build
is "outputs that a hit would restore: later steps are unknown" "$status" "unknown hit"
file packages/b/y 3
status -r build
is "an output that is not as the task left it: a miss, as in a run" "$status" "unknown changed"
capture vt run --dry-run b#build
has "... with that reason" "$out" "○ cache miss: 'packages/b/y' is not as this task left it"
cp packages/b/x packages/b/y
status -r build
is "a younger file with the content of the output: a hit" "$status" "hit hit"
chmod +x packages/b/y
status -r build
is "... a miss with another mode" "$status" "unknown changed"
status --no-cache -r build
is "without a cache: no step is compared" "$status" "disabled disabled"
file vite-task.json '{"plugins":{"stores":["store-nowhere"]}}'
capture vt run -r build; run="$rc $err"
capture vt run --dry-run -r build
is "a plugin that cannot be used: an error, as in a run" "$rc $err" "$run"
like "... in the same words" "$run" "1 error: Plugin 'store-nowhere' cannot be used*"
rm vite-task.json
# the order: dependencies, then the longest way to the end, then the packages'
file packages/a/package.json '{"name":"a","scripts":{"o":"echo a"}}'
file packages/b/package.json '{"name":"b","scripts":{"o":"echo b && vt run -F c... o && echo b2"}}'
file packages/c/package.json '{"name":"c","dependencies":{"d":"workspace:*"},"scripts":{"o":"echo c"}}'
file packages/d/package.json '{"name":"d","scripts":{"o":"echo d"}}'
capture vt run --dry-run -r o
is "steps stand in the order in which they would start" "$(steps)" '~/packages/b$ echo b ⊘ cache disabled
~/packages/d$ echo d ⊘ cache disabled
~/packages/c$ echo c ⊘ cache disabled
~/packages/b$ echo b2 ⊘ cache disabled
~/packages/d$ echo d ⊘ cache disabled
~/packages/a$ echo a ⊘ cache disabled
~/packages/c$ echo c ⊘ cache disabled'
# nothing is executed to list, to plan and to look up, least of all a program of the repository
if command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null; then
	workspace quiet
	file package.json '{"name":"r"}'
	file vite-task.json '{"tasks":{"build":{"command":"tool x y","input":["x"],"output":["y"]}}}'
	file vite.config.js 'throw 1'; file .pnpmfile.cjs 'throw 1'; file x 1
	tools tool; printf '#!/bin/sh\ncp "$@"\n' >node_modules/.bin/tool
	vt run build >/dev/null
	for what in run "run --json" "run --dry-run build" "run build"; do
		base_env strace -f -e trace=execve,execveat -o "$T/execs" "$VT" $what >"$T/out" 2>&1 </dev/null
		is "vt $what: no other program is executed" "$(grep -c 'exec.*= 0' "$T/execs")" 1
	done
	has "... and the step was a hit" "$(cat "$T/out")" "cache hit"
else skip "nothing is executed" "strace does not work here"; fi
finish
