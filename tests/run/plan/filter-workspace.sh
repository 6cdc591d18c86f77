# Each filter selects its packages, and the edges between them.
. "${0%/*}/plan.sh" || exit
filter_workspace

gives app --filter @test/app build
gives app --filter '{./packages/app}' build
gives app --filter ./packages/app build
gives app --filter ./packages/app... build
cd packages/app; gives app --filter .... build
cd src; gives app --filter ..... build
cd components; gives "$app" -t build
cd ../..; gives "$app" -t build
cd ../..
gives "$all" --filter '@test/*' build
gives "$app" --filter @test/app... build
gives "$app" -t @test/app#build
gives "$app" --filter '{./packages/app}...' build
gives "core lib<core utils" --filter '@test/app^...' build
gives "app<lib cli<core core lib<core" --filter ...@test/core build
gives "app<lib cli<core core lib<core" --filter '...{./packages/core}' build
gives "app<lib cli lib" --filter '...^@test/core' build
gives "$app" --filter ...@test/lib... build
gives "app<lib lib" --filter @test/app --filter @test/lib build
gives "app cli" --filter @test/app --filter @test/cli build
gives "app cli" --filter "@test/app @test/cli" build
gives "app<lib core lib<core" --filter '@test/app... !@test/utils' build
gives "app<lib,utils cli lib utils" --filter '!@test/core' build
gives "cli lib utils" --filter '!@test/app' --filter '!@test/core' build
gives "$all" --filter '!nonexistent' build
is "an exclusion that matches nothing: no warning" "$err" ""
gives "$all" --filter './packages/*' build
gives "$all" --filter './packages/**' build
gives "cli<core core lib<core" --filter @test/lib... --filter @test/cli build
gives "app<lib core lib<core" --filter @test/app... test
gives lib --filter '@test/*{./packages/lib}' build
gives "$all" -r build
order "-w check" "check" -w check
order "-w with a filter" "packages/app#check check" -w --filter @test/app check
order "-w -r check" "packages/app#check<packages/core#check packages/core#check check<packages/core#check" -w -r check
order "-w -t check" "packages/core#check check<packages/core#check" -w -t check
shape "a filter inside a task knows where it is" "packages/app#deploy: {packages/app#build: echo}" --filter @test/app deploy
finish
