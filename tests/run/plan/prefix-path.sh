# PATH in front of a command counts when its program is looked for.
. "${0%/*}/plan.sh" || exit
workspace
file pnpm-workspace.yaml ''
file package.json '{"name":"r","scripts":{"x":"PATH=./tools cmd","y":"cmd a","z":"cd sub && PATH=../tools cmd"}}'
mkdir tools sub; printf '#!/bin/sh\n' >tools/cmd; chmod +x tools/cmd
shape "relative to the directory" "x: tools/cmd !" x
capture vt run --dry-run y
is "without the prefix no program is found" "$rc $out" "0 \$ cmd a ○ program 'cmd' not found yet
vt run: 0/1 cache hit (0%), nothing was run."
capture vt run --dry-run --json z
is "after cd the program is found from there" "$rc $(jq -r '.plan.z.steps[0].cwd' <<<"$out")" "0 sub"
finish
