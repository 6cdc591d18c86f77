# Names may hold #, commands may hold many parts.
. "${0%/*}/plan.sh" || exit
workspace
file pnpm-workspace.yaml 'packages: ["packages/*"]'
file packages/shared/package.json '{"name":"@test/shared","scripts":{"build":"echo a && echo b && echo c","lint":"echo l"}}'
file packages/ui/package.json '{"name":"@test/ui","dependencies":{"@test/shared":"workspace:*"},"scripts":{"build":"echo a && echo b"}}'
file packages/api/package.json '{"name":"@test/api","dependencies":{"@test/shared":"workspace:*"},"scripts":{"build":"echo a","start":"echo s"}}'
file packages/app/package.json '{"name":"@test/app","dependencies":{"@test/ui":"workspace:*","@test/api":"workspace:*"},"scripts":{"build":"echo a"}}'
file packages/config/package.json '{"name":"@test/config","scripts":{"validate":"echo v"}}'
file packages/pkg/package.json '{"name":"@test/pkg#special","dependencies":{"@test/shared":"workspace:*"},"scripts":{"build":"echo a","test":"echo t"}}'
file packages/tools/package.json '{"name":"@test/tools","scripts":{"generate":"echo g"}}'
order "all builds" "packages/api#build<packages/shared#build packages/app#build<packages/api#build,packages/ui#build packages/pkg#build<packages/shared#build packages/shared#build packages/ui#build<packages/shared#build" -r build
shape "a package with # in its name" "packages/pkg#test: echo t" "@test/pkg#special#test"
finish
