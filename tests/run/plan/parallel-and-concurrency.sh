# --parallel drops the order of its own level.
. "${0%/*}/plan.sh" || exit
workspace
pnpm a b
file package.json '{"name":"r","scripts":{"all":"vt run -r x"}}'
file packages/a/package.json '{"name":"a","scripts":{"x":"echo a"}}'
file packages/b/package.json '{"name":"b","dependencies":{"a":"workspace:*"},"scripts":{"x":"echo b"}}'
order "-r" "packages/a#x packages/b#x<packages/a#x" -r x
order "-r --parallel" "packages/a#x packages/b#x" -r --parallel x
shape "not of the levels below" "all: {packages/a#x: echo a | packages/b#x<packages/a#x: echo b}" --parallel all
with VP_RUN_CONCURRENCY_LIMIT=abc refuses "a limit is a number" 'error: Invalid value for VP_RUN_CONCURRENCY_LIMIT: "abc"' -r x
with VP_RUN_CONCURRENCY_LIMIT=0 shape "none means one" "all: {packages/a#x: echo a | packages/b#x<packages/a#x: echo b}" all
with VP_RUN_CONCURRENCY_LIMIT=abc shape "a flag is asked first" "packages/a#x: echo a | packages/b#x<packages/a#x: echo b" -r --concurrency-limit 2 x
finish
