# vt cache clean inside a command is an uncached program.
. "${0%/*}/plan.sh" || exit
workspace
file pnpm-workspace.yaml ''
file package.json '{"name":"r","scripts":{"clean":"vt cache clean","list":"vt run","last":"vt run --last-details","ask":"vt client get-env X"}}'
file vite-task.json '{"cache":true}'
tools vt
shape "vt cache clean" "clean: vt cache clean !" clean
shape "vt run without a task" "list: vt run !" list
shape "vt run --last-details" "last: vt run --last-details !" last
shape "vt client can be cached" "ask: vt client get-env X" ask
finish
