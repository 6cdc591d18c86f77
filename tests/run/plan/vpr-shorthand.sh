# vpr is vt run.
. "${0%/*}/plan.sh" || exit
workspace
file pnpm-workspace.yaml ''
file package.json '{"name":"r","scripts":{"build":"echo b","all":"vpr build","bare":"vpr"}}'
tools vpr
shape "vpr with a task: a nested run" "all: {build: echo b}" all
shape "vpr alone: a program" "bare: vpr !" bare
finish
