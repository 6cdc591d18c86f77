# `vt run-many` makes one graph of several tasks.
. "${0%/*}/plan.sh" || exit
# many STORY WANT ARGUMENTS...: tasks and edges of a run-many
many() {
	local story=$1 want=$2; shift 2
	capture vt run-many --dry-run --json "$@"
	is "$story" "$rc $(jq -r '.plan | to_entries | map(.key + (if .value.dependsOn then "<" + (.value.dependsOn | join(",")) else "" end)) | join(" ")' <<<"$out") $err" "0 $want "
}
workspace
pnpm app lib
tools t
file packages/app/package.json '{"name":"app","dependencies":{"lib":"workspace:*"},"scripts":{"build":"t app","test":"t test"}}'
file packages/lib/package.json '{"name":"lib","scripts":{"build":"t lib","lint":"t lint"}}'
file package.json '{"name":"root","scripts":{"ci":"vt run-many -r build test","both":"vt run-many build test --filter app -- --flag","argument":"t && vt run-many -r lint build -- x"}}'
file packages/app/vite-task.json '{"tasks":{"test":{"dependsOn":["build"]}}}'
both='packages/app#build<packages/lib#build packages/app#test<packages/app#build packages/lib#build'
many "in all packages, each that has it" "$both" build test -r
many "options stand anywhere" "$both" -r build test
many "... also between the tasks" "$both" build -r test
many "in what a filter selects" 'packages/app#build packages/app#test<packages/app#build' --filter app build test
many "one task" 'packages/app#build<packages/lib#build packages/lib#build' -r build
many "a task with its package" 'packages/app#build<packages/lib#build packages/lib#build packages/lib#lint' app#build lib#build lib#lint
many "a task twice is one" 'packages/lib#lint' lib#lint lib#lint
cd packages/app
many "in the package around the current folder" 'packages/app#build packages/app#test<packages/app#build' build test
cd ../..
capture vt run-many --dry-run --json -r build lint -- --flag
is "arguments: handed to all tasks that were asked for" "$(jq -c '[.plan[].steps[].args]' <<<"$out")" '[["app","--flag"],["lib","--flag"],["lint","--flag"]]'
capture vt run-many --dry-run --json --filter app test -- --flag
is "... and to no other task" "$(jq -c '[.plan[].steps[].args]' <<<"$out")" '[["app"],["test","--flag"]]'
shape "inside a script it is expanded" 'ci: {packages/app#build<packages/lib#build: t app ! | packages/app#test<packages/app#build: t test ! | packages/lib#build: t lib !}' ci
shape "... with its arguments" 'both: {packages/app#build: t app --flag ! | packages/app#test<packages/app#build: t test --flag !}' both
shape "... beside other commands" 'argument: t !; {packages/app#build<packages/lib#build: t app x ! | packages/lib#build: t lib x ! | packages/lib#lint: t lint x !}' argument
file package.json '{"name":"root","scripts":{"build":"vt run-many -r build lint"}}'
shape "a task in whose command it stands is left out" 'build: {packages/app#build<packages/lib#build: t app ! | packages/lib#build: t lib ! | packages/lib#lint: t lint !}' build

capture vt run-many -r build nothing
is "a task that no package has: an error" "$rc $err" '1 error: Task "nothing" not found'
capture vt run-many --filter lib test
is "one task that no selected package has: an error" "$rc $err" '1 error: Task "test" not found'
capture vt run-many --filter root test lint
is "several tasks that no package has: an error" "$rc $err" '1 error: Task "test" not found'
capture vt run-many
is "no task: an error" "$rc $(head -n 2 <<<"$err")" "2 error: the following required arguments were not provided:
  <TASK_SPECIFIER>..."
capture vt run-many --nope build
is "an unknown option: an error" "$rc $(head -n 1 <<<"$err")" "2 error: unexpected argument '--nope' found"
capture vt run-many -r app#build
has "a package beside -r: an error" "$err" 'cannot specify package name with --recursive'
capture vt run-many --help
has "--help: shows its own usage" "$out" 'Usage: vt run-many [OPTIONS] <TASK_SPECIFIER>... [-- ADDITIONAL_ARGS...]'
file package.json '{"name":"root"}'
printf '#!/bin/sh\necho "ran $*"\n' >node_modules/.bin/t
capture vt run-many -r build lint test
is "all tasks run, each once" "$rc $(grep -c ^ran <<<"$(sed 's/^\[[^]]*\] //' <<<"$out")")" "0 4"
finish
