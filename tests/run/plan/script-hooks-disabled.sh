# Hooks can be switched off.
. "${0%/*}/plan.sh" || exit
workspace
file pnpm-workspace.yaml ''
file package.json '{"name":"r","scripts":{"pretest":"echo pretest","test":"echo test","posttest":"echo posttest"}}'
file vite-task.json '{"enablePrePostScripts":false}'
shape "hooks switched off: the script alone" "test: echo test" test
finish
