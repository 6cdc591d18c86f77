# The last # parts the package from the task.
. "${0%/*}/plan.sh" || exit
workspace
file pnpm-workspace.yaml 'packages: ["packages/*"]'
file packages/a/package.json '{"name":"@test/scope-a","scripts":{"b#c":"echo wrong"}}'
file packages/ab/package.json '{"name":"@test/scope-a#b","scripts":{"c":"echo right"}}'
file packages/t/package.json '{"name":"t"}'
file packages/t/vite-task.json '{"tasks":{"test":{"command":"echo t","dependsOn":["@test/scope-a#b#c"]}}}'
shape "dependsOn with several #" "packages/ab#c: echo right | packages/t#test<packages/ab#c: echo t" t#test
shape "the command line with several #" "packages/ab#c: echo right" "@test/scope-a#b#c"
finish
