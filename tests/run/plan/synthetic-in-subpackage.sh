# A nested task of another package runs there.
. "${0%/*}/plan.sh" || exit
workspace
pnpm a
file package.json '{"name":"r","scripts":{"lint":"vt run a#lint"}}'
file packages/a/package.json '{"name":"a","scripts":{"lint":"lint"}}'
mkdir -p packages/a/node_modules/.bin; tools lint; mv node_modules/.bin/lint packages/a/node_modules/.bin/
shape "a nested task: finds programs of its package" "lint: {packages/a#lint: packages/a/node_modules/.bin/lint !}" lint
finish
