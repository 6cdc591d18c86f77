# Tasks are cached by default, scripts are not.
. "${0%/*}/plan.sh" || exit
workspace
file pnpm-workspace.yaml ''
file package.json '{"name":"r","scripts":{"test":"pf"}}'
file vite-task.json '{"tasks":{"build":{"command":"pf"},"deploy":{"command":"pf"}}}'
tools pf
shape "a task" "build: pf" build
shape "another" "deploy: pf" deploy
shape "a script" "test: pf !" test
finish
