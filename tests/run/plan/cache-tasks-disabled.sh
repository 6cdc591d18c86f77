# cache.tasks: false turns caching off.
. "${0%/*}/plan.sh" || exit
workspace
file pnpm-workspace.yaml ''
file package.json '{"name":"r","scripts":{"test":"pf"}}'
file vite-task.json '{"cache":{"tasks":false},"tasks":{"build":{"command":"pf"},"deploy":{"command":"pf","cache":false}}}'
tools pf
shape "a task" "build: pf !" build
shape "a task that does not want it" "deploy: pf !" deploy
shape "a script" "test: pf !" test
finish
