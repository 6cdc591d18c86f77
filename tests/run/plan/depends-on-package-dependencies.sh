# dependsOn may mean the tasks of direct dependencies.
. "${0%/*}/plan.sh" || exit
workspace
file pnpm-workspace.yaml 'packages: ["packages/*"]'
file packages/app/package.json '{"name":"app","dependencies":{"lib":"workspace:*","bare":"workspace:*"},"devDependencies":{"tool":"workspace:*"},"peerDependencies":{"peer":"workspace:*"}}'
file packages/app/vite-task.json '{"tasks":{
 "deps":{"command":"echo","dependsOn":[{"task":"build","from":"dependencies"}]},
 "dev":{"command":"echo","dependsOn":[{"task":"build","from":["devDependencies"]}]},
 "peer":{"command":"echo","dependsOn":[{"task":"build","from":["peerDependencies"]}]},
 "both":{"command":"echo","dependsOn":[{"task":"build","from":["dependencies","devDependencies"]}]}}}'
file packages/lib/package.json '{"name":"lib","dependencies":{"deep":"workspace:*"},"scripts":{"build":"echo lib"}}'
file packages/bare/package.json '{"name":"bare"}'
file packages/tool/package.json '{"name":"tool","scripts":{"build":"echo tool"}}'
file packages/peer/package.json '{"name":"peer","scripts":{"build":"echo peer"}}'
file packages/deep/package.json '{"name":"deep","scripts":{"build":"echo deep"}}'
cd packages/app
order "dependencies" "packages/app#deps<packages/lib#build packages/lib#build" deps
order "devDependencies" "packages/app#dev<packages/tool#build packages/tool#build" dev
order "peerDependencies" "packages/app#peer<packages/peer#build packages/peer#build" peer
order "several" "packages/app#both<packages/lib#build,packages/tool#build packages/lib#build packages/tool#build" both
order "--ignore-depends-on" "packages/app#both" --ignore-depends-on both
shape "arguments are not for them" "packages/app#deps<packages/lib#build: echo x | packages/lib#build: echo lib" deps x
finish
