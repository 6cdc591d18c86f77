# A script and a task of one name are an error.
. "${0%/*}/plan.sh" || exit
workspace
file pnpm-workspace.yaml ''
file package.json '{"name":"root","scripts":{"hello":"echo"}}'
file vite-task.json '{"tasks":{"hello":"echo"}}'
refuses "whatever is to be run" "error: Failed to load task graph
* Task root#hello conflicts with a package.json script of the same name. Remove the script from package.json or rename the task" nothing
finish
