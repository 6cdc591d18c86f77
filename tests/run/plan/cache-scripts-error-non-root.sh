# cache is a setting of the root only.
. "${0%/*}/plan.sh" || exit
workspace
pnpm pkg-a
file packages/pkg-a/vite-task.json '{"cache":true}'
refuses "elsewhere it is an error" "error: Failed to load task graph
* \`cache\` can only be set in the workspace root config, but found in $W/packages/pkg-a" -r build
finish
