# Hooks can be switched off.
. "${abs_top_srcdir:?}/tests/run/plan/plan.sh"
workspace
file pnpm-workspace.yaml ''
file package.json '{"name":"r","scripts":{"pretest":"echo pretest","test":"echo test","posttest":"echo posttest"}}'
file vite-task.json '{"enablePrePostScripts":false}'
shape "only the script" "test: echo test" test
finish
