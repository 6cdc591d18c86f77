# Cache settings stand on the task or under cache.
. "${0%/*}/plan.sh" || exit
workspace
file pnpm-workspace.yaml ''
file package.json '{"name":"r"}'
tools pf
file vite-task.json '{"tasks":{"a":{"command":"pf","env":["X"]},"b":{"command":"pf","cache":{"env":["X"],"input":["src/**"]}},"c":{"command":"pf","cache":true}}}'
shape "on the task" "a: pf" a
shape "under cache" "b: pf" b
shape "true" "c: pf" c
finish
