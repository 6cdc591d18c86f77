# A filter that matches nothing is told once, and fails only when asked to.
. "${0%/*}/plan.sh" || exit
workspace
file pnpm-workspace.yaml 'packages: ["packages/*"]'
file package.json '{"name":"root","scripts":{"check":"echo"},"dependencies":{"@test/core":"workspace:*"}}'
file packages/app/package.json '{"name":"@test/app","scripts":{"build":"echo","check":"echo","test":"echo","deploy":"vt run --filter .... build"},"dependencies":{"@test/lib":"workspace:*"},"devDependencies":{"@test/utils":"workspace:*"}}'
file packages/lib/package.json '{"name":"@test/lib","scripts":{"build":"echo","test":"echo"},"dependencies":{"@test/core":"workspace:*"}}'
file packages/core/package.json '{"name":"@test/core","scripts":{"build":"echo","check":"echo","test":"echo"}}'
file packages/utils/package.json '{"name":"@test/utils","scripts":{"build":"echo"}}'
file packages/cli/package.json '{"name":"@test/cli","scripts":{"build":"echo","test":"echo"},"dependencies":{"@test/core":"workspace:*"}}'
mkdir -p packages/app/src/components
# gives WANT ARGUMENTS...: package names instead of tasks
gives() {
	local want=$1; shift
	capture vt run --dry-run --json "$@"
	is "$*" "$rc $(jq -r '.plan | to_entries | map(.value.package[9:] + (if .value.dependsOn then "<" + (.value.dependsOn | map(sub("#.*"; "")[9:]) | join(",")) else "" end)) | join(" ")' <<<"$out")" "0 $want"
}
all="app<lib,utils cli<core core lib<core utils" app="app<lib,utils core lib<core utils"

gives app --filter @test/app --filter nope1 --filter nope2 build
is "one line each" "$err" "No packages matched the filter: nope1
No packages matched the filter: nope2"
gives app --filter "@test/app nope" build
is "each word of a value is a filter" "$err" "No packages matched the filter: nope"
gives "" --filter '@nope/*' build
is "a pattern" "$err" "No packages matched the filter: @nope/*"
gives "" --filter ./packages/nope build
is "a directory" "$err" "No packages matched the filter: ./packages/nope"
cd packages/core; gives "" --filter '{.}^...' build; cd ../..
is "a walk that leads nowhere" "$err" "No packages matched the filter: {.}^..."
gives "$all" --filter '!nope' build
is "an exclusion may match nothing" "$err" ""
gives "$app" --fail-if-no-match --filter @test/app... build
is "all match: it runs" "$err" ""
capture vt run --filter nope build
is "nothing to do is no failure" "$rc $out|$err" "0 |No packages matched the filter: nope"
refuses "unless asked for" "error: No packages matched the filter: nope1, nope2" --fail-if-no-match --filter @test/app --filter nope1 --filter nope2 build
file packages/app/package.json '{"name":"@test/app","scripts":{"build":"vt run --filter nope x && echo after"}}'
capture vt run --filter @test/app build
like "inside a task it is nothing to do, too" "$rc $out" "0 *after*"
finish
