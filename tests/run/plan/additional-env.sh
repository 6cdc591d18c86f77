# A variable set in front of a command is in its environment and in the key.
. "${0%/*}/plan.sh" || exit
workspace
file package.json '{"name":"r","scripts":{"env-test":"TEST_VAR=hello_world show"}}'
file pnpm-workspace.yaml ''
file vite-task.json '{"cache":true}'
tools show
shape "is a step of the program" "env-test: show" env-test
finish
