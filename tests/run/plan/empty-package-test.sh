# Packages without a name keep their tasks apart.
. "${0%/*}/plan.sh" || exit
workspace
file pnpm-workspace.yaml 'packages: ["packages/*"]'
file packages/empty/package.json '{}'
file packages/empty/vite-task.json '{"tasks":{"build":{"command":"echo 1","dependsOn":["test"]},"test":{"command":"echo 1t","dependsOn":["normal-package#test"]}}}'
file packages/other/package.json '{}'
file packages/other/vite-task.json '{"tasks":{"build":{"command":"echo 2","dependsOn":["test"]},"test":"echo 2t"}}'
file packages/normal/package.json '{"name":"normal-package","scripts":{"test":"echo n"}}'
cd packages/empty
order "a package without a name: its own tasks" "packages/empty#build<packages/empty#test packages/empty#test<packages/normal#test packages/normal#test" build
cd ../other
order "another package without a name: its own tasks" "packages/other#build<packages/other#test packages/other#test" build
capture vt run build
has "labels of a package without a name have no package" "$out" "~/packages/other\$ echo 2"
finish
