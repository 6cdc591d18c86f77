# vpr is vt run.
. "${abs_top_srcdir:?}/tests/run/plan/plan.sh"
workspace
file pnpm-workspace.yaml ''
file package.json '{"name":"r","scripts":{"build":"echo b","all":"vpr build","bare":"vpr"}}'
tools vpr
shape "with a task" "all: {build: echo b}" all
shape "alone it is a program" "bare: vpr !" bare
finish
