# Arguments are for the requested task.
. "${0%/*}/plan.sh" || exit
workspace
file pnpm-workspace.yaml ''
file package.json '{"name":"r"}'
file vite-task.json '{"tasks":{"build":"echo build","test":{"command":"echo test","dependsOn":["build"]}}}'
shape "not for what it depends on" "build: echo build | test<build: echo test some-filter" test some-filter
shape "even if they look like options" "build: echo build | test<build: echo test -v --foo" test -v --foo
finish
