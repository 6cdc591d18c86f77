# Sourced by the tests of this folder: plans as text, from --dry-run --json.
. "${BASH_SOURCE[0]%/*}/../../lib/functions.sh" || exit
requires jq

# tools NAME...: programs in the root's node_modules/.bin; they print what they are asked to
tools() {
	local t
	mkdir -p node_modules/.bin
	for t; do printf '#!/bin/sh\ncat "$@"\n' >node_modules/.bin/"$t"; chmod +x node_modules/.bin/"$t"; done
}

# One plan as one line: NODE<WAITS,WAITS: step; step; {nested plan} | NODE...
# A step is its program (inside the workspace: without node_modules/.bin) and its
# arguments, @directory where that is not the package's, ! where it is not cached.
_shape='
def shape:
	def step: (if .hook then .hook + "-" else "" end) + if .plan then "{" + (.plan | shape) + "}" else
		([(.program | if startswith("/") then split("/") | last else ltrimstr("node_modules/.bin/") end)] + (.args // []) | join(" ")) +
		(if .cwd then " @" + .cwd else "" end) + (if .cache.status == "disabled" then " !" else "" end) end;
	to_entries | map(.key + (if .value.dependsOn then "<" + (.value.dependsOn | join(",")) else "" end) +
		(if .value.steps | length > 0 then ": " + (.value.steps | map(step) | join("; ")) else "" end)) | join(" | ");
.plan | shape'

# shape STORY WANT ARGUMENTS OF vt run...
shape() {
	local story=$1 want=$2; shift 2
	capture vt run --dry-run --json "$@"
	if [ "$rc" -ne 0 ]; then ok "$story" 1; _show stderr "$err"; return 1; fi
	is "$story" "$(jq -r "$_shape" <<<"$out")" "$want"
}
# order STORY WANT ARGUMENTS...: tasks and edges only
order() {
	local story=$1 want=$2; shift 2
	capture vt run --dry-run --json "$@"
	if [ "$rc" -ne 0 ]; then ok "$story" 1; _show stderr "$err"; return 1; fi
	is "$story" "$(jq -r '.plan | to_entries | map(.key + (if .value.dependsOn then "<" + (.value.dependsOn | join(",")) else "" end)) | join(" ")' <<<"$out")" "$want"
}
# refuses STORY WANT ARGUMENTS...: exit 1 and these lines on stderr; $W stands for the workspace
refuses() {
	local story=$1 want=$2; shift 2
	capture vt run "$@"
	is "$story" "$rc
$err" "1
$want"
}

# filter_workspace: packages to choose from: app -> lib, utils; lib and cli -> core; $all and $app: what gives() says of all, and of
# the packages that app needs
filter_workspace() {
	workspace
	file pnpm-workspace.yaml 'packages: ["packages/*"]'
	file package.json '{"name":"root","scripts":{"check":"echo"},"dependencies":{"@test/core":"workspace:*"}}'
	file packages/app/package.json '{"name":"@test/app","scripts":{"build":"echo","check":"echo","test":"echo","deploy":"vt run --filter .... build"},"dependencies":{"@test/lib":"workspace:*"},"devDependencies":{"@test/utils":"workspace:*"}}'
	file packages/lib/package.json '{"name":"@test/lib","scripts":{"build":"echo","test":"echo"},"dependencies":{"@test/core":"workspace:*"}}'
	file packages/core/package.json '{"name":"@test/core","scripts":{"build":"echo","check":"echo","test":"echo"}}'
	file packages/utils/package.json '{"name":"@test/utils","scripts":{"build":"echo"}}'
	file packages/cli/package.json '{"name":"@test/cli","scripts":{"build":"echo","test":"echo"},"dependencies":{"@test/core":"workspace:*"}}'
	mkdir -p packages/app/src/components
	all="app<lib,utils cli<core core lib<core utils" app="app<lib,utils core lib<core utils"
}
# gives WANT ARGUMENTS...: package names instead of tasks
gives() {
	local want=$1; shift
	capture vt run --dry-run --json "$@"
	is "$*" "$rc $(jq -r '.plan | to_entries | map(.value.package[9:] + (if .value.dependsOn then "<" + (.value.dependsOn | map(sub("#.*"; "")[9:]) | join(",")) else "" end)) | join(" ")' <<<"$out")" "0 $want"
}
