# Packages in several folders run after their dependencies.
. "${0%/*}/plan.sh" || exit
workspace
file pnpm-workspace.yaml 'packages: ["apps/*","packages/*"]'
file apps/web/package.json '{"name":"web","dependencies":{"app":"workspace:*","core":"workspace:*"},"scripts":{"build":"echo w"}}'
file packages/app/package.json '{"name":"app","dependencies":{"utils":"workspace:*"},"scripts":{"build":"echo a"}}'
file packages/utils/package.json '{"name":"utils","dependencies":{"core":"workspace:*"},"scripts":{"build":"echo u"}}'
file packages/core/package.json '{"name":"core","scripts":{"build":"echo c"}}'
order "all" "apps/web#build<packages/app#build,packages/core#build packages/app#build<packages/utils#build packages/core#build packages/utils#build<packages/core#build" -r build
finish
