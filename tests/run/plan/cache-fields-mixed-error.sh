# One setting in both places is an error.
. "${0%/*}/plan.sh" || exit
workspace
file pnpm-workspace.yaml ''
file package.json '{"name":"r"}'
file vite-task.json '{"tasks":{"a":{"command":"pf","env":["X"],"cache":{"env":["Y"]}}}}'
capture vt run a
like "one setting twice: an error" "$rc $err" "1 error: Failed to load task graph
\* Failed to load task config file for package at $W/
\* $W/vite-task.json:*env*"
finish
