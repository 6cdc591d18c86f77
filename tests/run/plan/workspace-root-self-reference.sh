# A root task that runs all others does not run itself.
. "${0%/*}/plan.sh" || exit
workspace
pnpm a b
file package.json '{"name":"r","scripts":{"build":"vt run -r build"}}'
file packages/a/package.json '{"name":"a","scripts":{"build":"echo a"}}'
file packages/b/package.json '{"name":"b","dependencies":{"a":"workspace:*"},"scripts":{"build":"echo b"}}'
shape "-r build: the root task has no step" "packages/a#build: echo a | packages/b#build<packages/a#build: echo b | build" -r build
shape "-r build with arguments: the same" "packages/a#build: echo a x | packages/b#build<packages/a#build: echo b x | build" -r build x
shape "build: the nested run leaves the root out" "build: {packages/a#build: echo a | packages/b#build<packages/a#build: echo b}" build
shape "build with arguments: the same" "build: {packages/a#build: echo a x | packages/b#build<packages/a#build: echo b x}" build x
finish
