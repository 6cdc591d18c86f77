# vt graph shows packages and tasks with their dependencies, as text, for Graphviz and as JSON.
. "${0%/*}/../../lib/functions.sh" || exit
requires jq
workspace
pnpm a b c
file packages/a/package.json '{"name":"a","scripts":{"build":"echo a"}}'
file packages/b/package.json '{"name":"@s/b \"x\"","dependencies":{"a":"workspace:*"},"scripts":{"build":"echo b","all":"vt run -r build"}}'
file packages/c/package.json '{"name":"c","dependencies":{"@s/b \"x\"":"workspace:*","a":"workspace:*"},"scripts":{"build":"echo c"}}'
file package.json '{"name":"root"}'
capture vt graph
is "no task: packages" "$rc $out" '0 a
@s/b "x"  needs a
c  needs a, @s/b "x"
root'
capture vt graph -r build
is "a task: the tasks of its run" "$rc $out" '0 a#build
@s/b "x"#build  after a#build
c#build  after a#build, @s/b "x"#build'
cd packages/b || exit 99
capture vt graph all
is "a run within a command: its tasks" "$out" '@s/b "x"#all  runs a#build, @s/b "x"#build, c#build
a#build
@s/b "x"#build  after a#build
c#build  after a#build, @s/b "x"#build'
cd ../..
capture vt graph -r build --format json
is "--json: nodes with the ids of a plan" "$(jq -c '.tasks|map_values([.requested,.dependsOn])' <<<"$out")" '{"packages/a#build":[true,null],"packages/b#build":[true,["packages/a#build"]],"packages/c#build":[true,["packages/a#build","packages/b#build"]]}'
is "... the ids are those of --dry-run --json" "$(jq -c '.tasks|keys' <<<"$out")" "$(vt run -r --dry-run --json build | jq -c '.plan|keys')"
is "... the packages are those of vt run --json" "$(vt graph --format json | jq -c '.packages')" "$(vt run --json | jq -c '.packages')"
capture vt graph --format dot -r build
has "--dot: a graph for Graphviz" "$out" '"packages/b#build" [label="@s/b \"x\"#build", style=bold];'
has "... an arrow leads to what is waited for" "$out" '"packages/c#build" -> "packages/b#build";'
if command -v dot >/dev/null; then
	is "... Graphviz reads it" "$(vt graph --format dot -r build | dot -Tplain 2>&1 | grep -c '^edge')" 3
else
	skip "Graphviz reads it" "dot is not installed"
fi
file packages/a/package.json '{"name":"a","scripts":{"build":"echo a","prebuild":"print before","postbuild":"print one && print two"}}'
capture vt graph --filter a build
is "scripts that run before and after: a part of the task" "$out" 'a#build  runs a#prebuild, a#postbuild
a#prebuild
a#postbuild'
is "... --json, too" "$(vt graph --format json --filter a build | jq -c '.tasks["packages/a#build"].runs')" '["packages/a#prebuild","packages/a#postbuild"]'
file packages/a/package.json '{"name":"a","scripts":{"build":"echo a"}}'
capture vt graph --filter a build
is "--filter: the tasks of those packages" "$out" "a#build"
capture vt graph --format svg
is "another format: an error" "$rc $(head -2 <<<"$err")" "2 error: invalid value 'svg' for '--format <FORMAT>'
  [possible values: text, dot, json]"
capture vt graph -r
is "-r without a task: an error" "$rc ${err%%$'\n'*}" "2 error: the following required arguments were not provided:"
gone "no file is made" .vt
finish
