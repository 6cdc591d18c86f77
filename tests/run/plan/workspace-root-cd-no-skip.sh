# The same words in another package are another query.
. "${0%/*}/plan.sh" || exit
workspace
pnpm a
file package.json '{"name":"r","scripts":{"deploy":"cd packages/a && vt run deploy"}}'
file packages/a/package.json '{"name":"a","scripts":{"deploy":"echo deployed"}}'
shape "the same words after cd: not skipped" "deploy: {packages/a#deploy: echo deployed}" deploy
finish
