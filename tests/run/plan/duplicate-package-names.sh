# Two packages of one name are ambiguous, unless a filter means both.
. "${0%/*}/plan.sh" || exit
workspace
file pnpm-workspace.yaml 'packages: ["packages/*"]'
file packages/pkg-a/package.json '{"name":"@test/duplicate","scripts":{"build":"echo a"}}'
file packages/pkg-b/package.json '{"name":"@test/duplicate","scripts":{"build":"echo b"}}'
want="error: Package name '@test/duplicate' is ambiguous; found in multiple locations: $W/packages/pkg-a, $W/packages/pkg-b"
refuses "an ambiguous name: an error" "$want" @test/duplicate#build
refuses "an ambiguous name with -t: an error" "$want" -t @test/duplicate#build
shape "a filter by that name: both packages" "packages/pkg-a#build: echo a | packages/pkg-b#build: echo b" --filter @test/duplicate build
finish
