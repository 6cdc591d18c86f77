# vt run inside a command is a plan inside the plan.
. "${0%/*}/plan.sh" || exit
workspace
file pnpm-workspace.yaml ''
file package.json '{"name":"r","scripts":{"script1":"echo 1","script2":"vt run script1","script3":"vp run script2 && echo 3"}}'
shape "a run in a command: one level" "script2: {script1: echo 1}" script2
shape "a run in a run in a command: two levels" "script3: {script2: {script1: echo 1}}; echo 3" script3
is "the text of the nested command is kept" "$(jq -r '.plan.script3.steps[0].expandedFrom' <<<"$out")" "vp run script2"
finish
