# Only the words that repeat the query are skipped.
. "${0%/*}/plan.sh" || exit
workspace
pnpm a
file package.json '{"name":"r","scripts":{"build":"echo pre && vt run -r build"}}'
file packages/a/package.json '{"name":"a","scripts":{"build":"echo a"}}'
shape "-r build: the other commands of the root task stay" "packages/a#build: echo a | build: echo pre" -r build
finish
