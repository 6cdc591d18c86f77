# A task without cache does not decide for the tasks that it runs through vt run.
. "${0%/*}/plan.sh" || exit
workspace
file pnpm-workspace.yaml ''
file package.json '{"name":"r","scripts":{"lint":"lint","run-build-cache-false":"vt run build"}}'
file vite-task.json '{"tasks":{"lint-no-cache":{"command":"lint","cache":false},"lint-with-cache":{"command":"lint"},"lint-with-untracked-env":{"command":"lint","untrackedEnv":["CUSTOM_VAR"]},"build":{"command":"lint"},"run-build-no-cache":{"command":"vt run build","cache":false}}}'
tools lint
shape "a script that runs a task: the task is not cached" "lint: lint !" lint
shape "a task with cache false: not cached" "lint-no-cache: lint !" lint-no-cache
shape "a task: cached" "lint-with-cache: lint" lint-with-cache
shape "a task with an untracked variable: cached" "lint-with-untracked-env: lint" lint-with-untracked-env
shape "a nested run of a task without cache: cached by its own settings" "run-build-no-cache: {build: lint}" run-build-no-cache
shape "a nested run of a script: cached by its own settings" "run-build-cache-false: {build: lint}" run-build-cache-false
finish
