# A "^task" waits for the nearest packages below that have the task.
. "${0%/*}/plan.sh" || exit
workspace
tools t; printf '#!/bin/sh\n' >node_modules/.bin/t
pnpm app lib core other
script() { file "packages/$1/package.json" "{\"name\":\"$1\",\"dependencies\":{$2},\"scripts\":{$3}}"; }
script app '"lib":"workspace:*"' '"test":"t app","build":"t app"'
script lib '"core":"workspace:*"' '"x":"t"'
script core '' '"build":"t core"'
script other '' '"test":"t other"'
file vite-task.json '{"taskDefaults":{"test":{"dependsOn":["^build"]}}}'
order "through a package that lacks it, selected or not" 'packages/app#test<packages/core#build packages/core#build' app#test
order "nobody below has it: it waits for none" 'packages/other#test' other#test
order "with -r, too" 'packages/app#test<packages/core#build packages/core#build packages/other#test' -r test
order "not with --ignore-depends-on" 'packages/app#test' --ignore-depends-on app#test
order "nor with --only" 'packages/app#test' --only app#test
script lib '"core":"workspace:*"' '"build":"t lib"'
order "only the nearest" 'packages/app#test<packages/lib#build packages/lib#build' app#test
file vite-task.json '{"taskDefaults":{"test":{"dependsOn":["^build"]},"build":{"dependsOn":["^build"]}}}'
order "... and what that waits for" 'packages/app#test<packages/lib#build packages/core#build packages/lib#build<packages/core#build' app#test
# a cycle of packages: app -> lib -> core -> app
script core '"app":"workspace:*"' '"build":"t core"'
capture vt run --dry-run --json lib#build
is "a cycle of packages: the edge that is dropped in package order is dropped here, too" \
	"$(jq -r '.plan | to_entries | map(.key + (if .value.dependsOn then "<" + (.value.dependsOn | join(",")) else "" end)) | join(" ")' <<<"$out")" \
	'packages/app#build<packages/lib#build packages/core#build<packages/app#build packages/lib#build'
has "... and told" "$err" 'warning: packages depend on each other in a cycle: app -> lib -> core -> app'
capture vt run -r build
is "everything runs" "$rc" 0
script core '' '"build":"t core"'
file vite-task.json '{"taskDefaults":{"test":{"dependsOn":["^nowhere"]}}}'
refuses "a task that no package has" "error: Failed to load task graph
* Failed to lookup dependency '^nowhere' for task app#test
* Task 'nowhere' not found in any package" app#test
finish
