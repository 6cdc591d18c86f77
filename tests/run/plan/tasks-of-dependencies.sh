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
order "a dependency without the task: is passed over, selected or not" 'packages/app#test<packages/core#build packages/core#build' app#test
order "no dependency with the task: no edge" 'packages/other#test' other#test
order "-r: the same edges" 'packages/app#test<packages/core#build packages/core#build packages/other#test' -r test
order "--ignore-depends-on: no edge" 'packages/app#test' --ignore-depends-on app#test
order "--only: no edge" 'packages/app#test' --only app#test
script lib '"core":"workspace:*"' '"build":"t lib"'
order "a nearer dependency with the task: the edge leads there" 'packages/app#test<packages/lib#build packages/lib#build' app#test
file vite-task.json '{"taskDefaults":{"test":{"dependsOn":["^build"]},"build":{"dependsOn":["^build"]}}}'
order "... and what that waits for" 'packages/app#test<packages/lib#build packages/core#build packages/lib#build<packages/core#build' app#test
# a cycle of packages: app -> lib -> core -> app
script core '"app":"workspace:*"' '"build":"t core"'
capture vt run --dry-run --json lib#build
is "a cycle of packages: the edge that package order drops is dropped here, too" \
	"$(jq -r '.plan | to_entries | map(.key + (if .value.dependsOn then "<" + (.value.dependsOn | join(",")) else "" end)) | join(" ")' <<<"$out")" \
	'packages/app#build<packages/lib#build packages/core#build<packages/app#build packages/lib#build'
has "... and a warning tells it" "$err" 'warning: packages depend on each other in a cycle: app -> lib -> core -> app'
capture vt run -r build
is "... all tasks run" "$rc" 0
script core '' '"build":"t core"'
file vite-task.json '{"taskDefaults":{"test":{"dependsOn":["^nowhere"]}}}'
refuses "^ with a task that no package has: an error" "error: Failed to load task graph
* Failed to lookup dependency '^nowhere' for task app#test
* Task 'nowhere' not found in any package" app#test
finish
