# Scripts are not cached without being asked.
. "${0%/*}/plan.sh" || exit
workspace
file pnpm-workspace.yaml ''
file package.json '{"name":"r","scripts":{"build":"pf"}}'
tools pf
shape "a script" "build: pf !" build
finish
