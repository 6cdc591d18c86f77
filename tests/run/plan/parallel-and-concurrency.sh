# --parallel drops the order of its own level.
. "${0%/*}/plan.sh" || exit
workspace
pnpm a b
file package.json '{"name":"r","scripts":{"all":"vt run -r x"}}'
file packages/a/package.json '{"name":"a","scripts":{"x":"echo a"}}'
file packages/b/package.json '{"name":"b","dependencies":{"a":"workspace:*"},"scripts":{"x":"echo b"}}'
order "-r: in order" "packages/a#x packages/b#x<packages/a#x" -r x
order "-r --parallel: without order" "packages/a#x packages/b#x" -r --parallel x
shape "--parallel: nested runs keep their order" "all: {packages/a#x: echo a | packages/b#x<packages/a#x: echo b}" --parallel all
with VP_RUN_CONCURRENCY_LIMIT=abc refuses "a limit that is no number: an error" 'error: Invalid value for VP_RUN_CONCURRENCY_LIMIT: "abc"' -r x
with VP_RUN_CONCURRENCY_LIMIT=0 shape "a limit of 0: counts as 1" "all: {packages/a#x: echo a | packages/b#x<packages/a#x: echo b}" all
with VP_RUN_CONCURRENCY_LIMIT=abc shape "a limit by flag: the variable is not read" "packages/a#x: echo a | packages/b#x<packages/a#x: echo b" -r --concurrency-limit 2 x
finish
