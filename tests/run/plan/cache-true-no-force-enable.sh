# cache: true for all leaves cache: false of one alone.
. "${0%/*}/plan.sh" || exit
workspace
file pnpm-workspace.yaml ''
file package.json '{"name":"r","scripts":{"test":"pf"}}'
file vite-task.json '{"cache":true,"tasks":{"build":{"command":"pf","cache":false},"deploy":{"command":"pf"}}}'
tools pf
shape "cache: false" "build: pf !" build
shape "a task" "deploy: pf" deploy
shape "a script" "test: pf" test
finish
