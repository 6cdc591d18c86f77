# A filter that matches nothing is told once, and fails only when asked to.
. "${0%/*}/plan.sh" || exit
filter_workspace

gives app --filter @test/app --filter nope1 --filter nope2 build
is "two names that match nothing: one line each" "$err" "No packages matched the filter: nope1
No packages matched the filter: nope2"
gives app --filter "@test/app nope" build
is "one value with two words: each is a filter" "$err" "No packages matched the filter: nope"
gives "" --filter '@nope/*' build
is "a pattern that matches nothing: told" "$err" "No packages matched the filter: @nope/*"
gives "" --filter ./packages/nope build
is "a directory that matches nothing: told" "$err" "No packages matched the filter: ./packages/nope"
cd packages/core; gives "" --filter '{.}^...' build; cd ../..
is "a walk that leads nowhere: told" "$err" "No packages matched the filter: {.}^..."
gives "$all" --filter '!nope' build
is "an exclusion that matches nothing: not told" "$err" ""
gives "$app" --fail-if-no-match --filter @test/app... build
is "--fail-if-no-match where all match: nothing is told" "$err" ""
capture vt run --filter nope build
is "nothing to run: exit 0" "$rc $out|$err" "0 |No packages matched the filter: nope"
refuses "unless asked for" "error: No packages matched the filter: nope1, nope2" --fail-if-no-match --filter @test/app --filter nope1 --filter nope2 build
file packages/app/package.json '{"name":"@test/app","scripts":{"build":"vt run --filter nope x && echo after"}}'
capture vt run --filter @test/app build
like "nothing to run inside a task: the task goes on" "$rc $out" "0 *after*"
finish
