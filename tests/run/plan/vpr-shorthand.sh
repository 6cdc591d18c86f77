# vpr is vt run.
. "${0%/*}/plan.sh" || exit
workspace
file pnpm-workspace.yaml ''
file package.json '{"name":"r","scripts":{"build":"echo b","all":"vpr build","bare":"vpr"}}'
tools vpr
shape "with a task" "all: {build: echo b}" all
shape "alone it is a program" "bare: vpr !" bare
finish
