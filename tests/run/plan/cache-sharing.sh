# The root package may be named by its own glob.
. "${0%/*}/plan.sh" || exit
workspace
file pnpm-workspace.yaml 'packages: ["."]'
file package.json '{"name":"r","scripts":{"a":"echo a","b":"echo a && echo b","c":"echo a && echo b && echo c"}}'
capture vt run --json
is "the root package is listed once" "$(jq -c '.packages|keys' <<<"$out")" '["."]'
is "... with its tasks" "$(jq -c '.tasks|keys' <<<"$out")" '["a","b","c"]'
shape "... and can run" "c: echo a; echo b; echo c" c
finish
