# PATH in front of a command counts when its program is looked for.
. "${abs_top_srcdir:?}/tests/run/plan/plan.sh"
workspace
file pnpm-workspace.yaml ''
file package.json '{"name":"r","scripts":{"x":"PATH=./tools cmd","y":"cmd a","z":"cd sub && PATH=../tools cmd"}}'
mkdir tools sub; printf '#!/bin/sh\n' >tools/cmd; chmod +x tools/cmd
shape "relative to the directory" "x: tools/cmd !" x
capture vt run --dry-run y
like "without it nothing is found" "$rc $err" "1 error: Failed to find executable cmd under cwd $W/ with PATH: $W/node_modules/.bin:*
\* cannot find binary path"
capture vt run --dry-run --json z
is "after cd" "$rc $(jq -r '.plan.z.steps[0].cwd' <<<"$out")" "0 sub"
finish
