# Two reasons to wait are one edge.
. "${0%/*}/plan.sh" || exit
workspace
pnpm a b
file packages/a/package.json '{"name":"a","dependencies":{"b":"workspace:*"}}'
file packages/a/vite-task.json '{"tasks":{"build":{"command":"echo a","dependsOn":["b#build"]}}}'
file packages/b/vite-task.json '{"tasks":{"build":"echo b"}}'
order "a waits for b once" "packages/a#build<packages/b#build packages/b#build" -r build
finish
