# cd moves the commands after it, and the place a nested run is called from.
. "${0%/*}/plan.sh" || exit
workspace
file pnpm-workspace.yaml ''
file package.json '{"name":"r","scripts":{"build":"pf","cd-build":"cd src && vt run build","cd-lint":"cd src && lint"}}'
file vite-task.json '{"cache":true}'
mkdir src
tools pf lint
shape "a nested task starts in its own package" "cd-build: {build: pf}" cd-build
shape "a program starts where cd led" "cd-lint: lint @src" cd-lint
file vite-task.json '{"tasks":{"away":{"command":"cd /tmp && pwd","cache":false}}}'
capture vt run away
is "a folder outside: shown by its full path" "$out" '/tmp$ pwd ⊘ cache disabled
/tmp'
capture vt run --last-details
has "... in the summary, too" "$out" ' /tmp$ pwd'
finish
