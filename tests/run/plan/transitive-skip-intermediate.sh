# A package without the task is bridged.
. "${0%/*}/plan.sh" || exit
workspace
file pnpm-workspace.yaml 'packages: ["packages/*"]'
file packages/top/package.json '{"name":"@test/top","dependencies":{"@test/middle":"workspace:*"},"scripts":{"build":"echo t"}}'
file packages/middle/package.json '{"name":"@test/middle","dependencies":{"@test/bottom":"workspace:*"}}'
file packages/bottom/package.json '{"name":"@test/bottom","scripts":{"build":"echo b"}}'
both="packages/bottom#build packages/top#build<packages/bottom#build"
order "from the top by filter" "$both" --filter @test/top... build
order "from the middle by filter" "packages/bottom#build" --filter @test/middle... build
order "from the middle by name" "packages/bottom#build" -t @test/middle#build
cd packages/top; order "from the top" "$both" -t build
cd ../middle; order "from the middle" "packages/bottom#build" -t build
finish
