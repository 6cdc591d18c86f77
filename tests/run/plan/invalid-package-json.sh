# A broken package.json is told with its place.
. "${0%/*}/plan.sh" || exit
workspace
pnpm a
printf '{"name":"a",\n "scripts": {"x": 1}}' >packages/a/package.json
capture vt run -r x
like "a broken package.json of a member: told with its place" "$rc $err" "1 error: Failed to load task graph
\* Failed to load package graph
\* Failed to parse JSON file at $W/packages/a/package.json
\* $W/packages/a/package.json:2:*"
finish
