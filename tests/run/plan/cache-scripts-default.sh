# Scripts are not cached without being asked.
. "${abs_top_srcdir:?}/tests/run/plan/plan.sh"
workspace
file pnpm-workspace.yaml ''
file package.json '{"name":"r","scripts":{"build":"pf"}}'
tools pf
shape "a script" "build: pf !" build
finish
