# Only the words that repeat the query are skipped.
. "${abs_top_srcdir:?}/tests/run/plan/plan.sh"
workspace
pnpm a
file package.json '{"name":"r","scripts":{"build":"echo pre && vt run -r build"}}'
file packages/a/package.json '{"name":"a","scripts":{"build":"echo a"}}'
shape "-r build" "packages/a#build: echo a | build: echo pre" -r build
finish
