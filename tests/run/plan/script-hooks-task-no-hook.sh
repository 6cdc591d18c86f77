# Tasks have no hooks.
. "${0%/*}/plan.sh" || exit
workspace
file pnpm-workspace.yaml ''
file package.json '{"name":"r","scripts":{"pretest":"echo pretest"}}'
file vite-task.json '{"tasks":{"test":"echo test"}}'
shape "a script named pre and a task: the task alone" "test: echo test" test
finish
