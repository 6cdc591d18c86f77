# A task without cache does not decide for what it runs through vt run.
. "${0%/*}/plan.sh" || exit
workspace
file pnpm-workspace.yaml ''
file package.json '{"name":"r","scripts":{"lint":"lint","run-build-cache-false":"vt run build"}}'
file vite-task.json '{"tasks":{"lint-no-cache":{"command":"lint","cache":false},"lint-with-cache":{"command":"lint"},"lint-with-untracked-env":{"command":"lint","untrackedEnv":["CUSTOM_VAR"]},"build":{"command":"lint"},"run-build-no-cache":{"command":"vt run build","cache":false}}}'
tools lint
shape "a script" "lint: lint !" lint
shape "cache: false" "lint-no-cache: lint !" lint-no-cache
shape "a task" "lint-with-cache: lint" lint-with-cache
shape "with an untracked variable" "lint-with-untracked-env: lint" lint-with-untracked-env
shape "from a task without cache" "run-build-no-cache: {build: lint}" run-build-no-cache
shape "from a script" "run-build-cache-false: {build: lint}" run-build-cache-false
finish
