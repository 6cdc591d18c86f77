# pnpm-workspace.yaml may be empty.
. "${abs_top_srcdir:?}/tests/run/plan/plan.sh"
workspace
file pnpm-workspace.yaml '# nothing'
file package.json '{"name":"r","scripts":{"hello":"echo hello"}}'
shape "the root is a package" "hello: echo hello" hello
finish
