# A filter that matches nothing is told once, and fails only when asked to.
. "${0%/*}/plan.sh" || exit
filter_workspace

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
