# dependsOn crosses packages, just as written.
. "${0%/*}/plan.sh" || exit
workspace
file pnpm-workspace.yaml 'packages: ["packages/*"]'
file packages/app/package.json '{"name":"app","scripts":{"build":"echo b","test":"echo t"},"dependencies":{"utils":"workspace:*"}}'
file packages/app/vite-task.json '{"tasks":{"deploy":{"command":"echo d","dependsOn":["build","app#test","utils#lint"]}}}'
file packages/utils/package.json '{"name":"utils","scripts":{"build":"echo b"},"dependencies":{"core":"workspace:*"}}'
file packages/utils/vite-task.json '{"tasks":{"lint":{"command":"echo l","dependsOn":["core#build","build"]}}}'
file packages/core/package.json '{"name":"core","scripts":{"build":"echo b","clean":"echo c"}}'
file packages/core/vite-task.json '{"tasks":{"lint":{"command":"echo l","dependsOn":["clean"]}}}'
order "deploy" "packages/app#build packages/app#deploy<packages/app#build,packages/app#test,packages/utils#lint packages/app#test packages/core#build packages/utils#build packages/utils#lint<packages/core#build,packages/utils#build" app#deploy
order "lint" "packages/core#clean packages/core#lint<packages/core#clean" core#lint
order "-r lint" "packages/core#build packages/core#clean packages/core#lint<packages/core#clean packages/utils#build packages/utils#lint<packages/core#build,packages/core#lint,packages/utils#build" -r lint
finish
