# A dry run says what the cache knows of each step, and changes nothing.
. "${abs_top_srcdir:?}/tests/run/plan/plan.sh"
workspace
pnpm a b
file packages/a/package.json '{"name":"a","dependencies":{"b":"workspace:*"}}'
file packages/a/vite-task.json '{"tasks":{"build":{"command":"cp x y","input":["x"],"output":["y"],"env":["MODE"]}}}'
file packages/b/vite-task.json '{"tasks":{"build":{"command":"echo b && cp x y","input":["x"],"output":["y"]}}}'
file packages/a/x 1; file packages/b/x 1
# status ARGUMENTS...: of all cached steps in order
status() { capture vt run --dry-run --json "$@"; status=$(jq -r '[.plan[].steps[].cache | select(.) | .status] | join(" ")' <<<"$out"); }
status -r build
is "a first run has nothing to compare with" "$status" "noBaseline noBaseline"
gone "and makes no cache" .vt
capture vt run -r build
before=$(find .vt -type f | sort | xargs cksum)
status -r build
is "then both hit" "$status" "hit hit"
is "with how long they took" "$(jq '[.plan[].steps[].cache.baseline | values | .durationMs | numbers] | length <= 2' <<<"$out")" true
capture vt run --dry-run -r build
is "as text" "$rc $out" "0 ~/packages/a\$ cp x y ◉ cache hit
~/packages/b\$ echo b ⊘ cache disabled
~/packages/b\$ cp x y ◉ cache hit
vt run: 2/3 cache hit (66%), nothing was run."
is "the cache is as it was" "$(find .vt -type f | sort | xargs cksum)" "$before"
file packages/b/x 2
status -r build
is "what comes after a change is not known" "$status" "unknown changed"
is "the change is" "$(jq -c '.plan["packages/b#build"].steps[1].cache.changes' <<<"$out")" '[{"kind":"file","path":"packages/b/x","change":"changed"}]'
status --ignore-depends-on -F a build
is "what does not wait is known" "$status" "hit"
with MODE=x status -r build
is "nothing before it can change its variables" "$status" "changed changed"
is "which are told without values" "$(jq -c '.plan["packages/a#build"].steps[0].cache.changes' <<<"$out")" '[{"kind":"env","name":"MODE","change":"added"}]'
file packages/b/x 1; rm packages/b/y
status -r build
is "neither is what a hit would restore" "$status" "unknown hit"
status --no-cache -r build
is "without a cache" "$status" "disabled disabled"
finish
