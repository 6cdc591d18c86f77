# cache.scripts caches scripts, and says nothing of tasks.
. "${0%/*}/plan.sh" || exit
workspace
file pnpm-workspace.yaml ''
file package.json '{"name":"r","scripts":{"build":"pf"}}'
file vite-task.json '{"cache":{"scripts":true},"tasks":{"gen":{"command":"pf"}}}'
tools pf
shape "a script" "build: pf" build
shape "a task" "gen: pf" gen
finish
