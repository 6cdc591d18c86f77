# A directory in input means all below it.
. "${0%/*}/plan.sh" || exit
workspace
file pnpm-workspace.yaml ''
file package.json '{"name":"r"}'
file vite-task.json '{"tasks":{"build":{"command":"pf","input":["src/","!dist/"]}}}'
tools pf
shape "input with a directory: accepted" "build: pf" build
file vite-task.json '{"tasks":{"build":{"command":"pf","input":["../x/"]}}}'
refuses "input with a directory outside: an error" "error: Failed to load task graph
* Failed to resolve task config for task r#build
* glob pattern '../x/' resolves outside the workspace root" build
finish
