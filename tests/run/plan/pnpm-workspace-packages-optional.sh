# pnpm-workspace.yaml may be empty.
. "${0%/*}/plan.sh" || exit
workspace
file pnpm-workspace.yaml '# nothing'
file package.json '{"name":"r","scripts":{"hello":"echo hello"}}'
shape "the root is a package" "hello: echo hello" hello
finish
