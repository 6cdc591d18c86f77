# A root task that only runs all others keeps its dependsOn.
. "${0%/*}/plan.sh" || exit
workspace
pnpm a
file package.json '{"name":"r"}'
file vite-task.json '{"tasks":{"build":{"command":"vt run -r build","dependsOn":["lint"]},"lint":"echo lint"}}'
file packages/a/package.json '{"name":"a","scripts":{"build":"echo a"}}'
shape "-r build: the root task has no step and keeps its edge" "packages/a#build: echo a | build<lint | lint: echo lint" -r build
finish
