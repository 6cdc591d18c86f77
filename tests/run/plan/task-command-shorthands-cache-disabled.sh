# cache: false is for all of a list.
. "${0%/*}/plan.sh" || exit
workspace
file pnpm-workspace.yaml ''
file package.json '{"name":"r"}'
file vite-task.json '{"cache":true,"tasks":{"x":{"command":["pf 1","pf 2 && pf 3"],"cache":false}}}'
tools pf
shape "all of it" "x: pf 1 !; pf 2 !; pf 3 !" x
finish
