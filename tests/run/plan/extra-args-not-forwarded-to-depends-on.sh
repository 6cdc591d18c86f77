# Arguments are for the requested task.
. "${0%/*}/plan.sh" || exit
workspace
file pnpm-workspace.yaml ''
file package.json '{"name":"r"}'
file vite-task.json '{"tasks":{"build":"echo build","test":{"command":"echo test","dependsOn":["build"]}}}'
shape "an argument: not handed to dependencies" "build: echo build | test<build: echo test some-filter" test some-filter
shape "arguments that look like options: not handed on either" "build: echo build | test<build: echo test -v --foo" test -v --foo
finish
