# The root needs no package.json.
. "${0%/*}/plan.sh" || exit
workspace
pnpm a
file vite-task.json '{"tasks":{"deploy":"echo deploy"}}'
shape "a root without package.json: its tasks have no package in their names" "deploy: echo deploy" deploy
capture vt run --json
is "the root is a package without a name" "$(jq -r '.packages["."].name' <<<"$out")" ""
finish
