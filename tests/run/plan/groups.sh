# A group is a name for other tasks; the list shows the tasks' descriptions.
. "${0%/*}/plan.sh" || exit
workspace
tools lint
file package.json '{"name":"root","scripts":{"lint":"lint","test":"lint /dev/null"}}'
file vite-task.json '{"tasks":{"check":{"group":true,"dependsOn":["lint","test"]},"lint":{"description":"Looks for mistakes"},"all":{"group":true,"dependsOn":["check"],"description":"What CI runs"}}}'
shape "a group has no step of its own" 'all<check | check<lint,test | lint: lint ! | test: lint /dev/null !' all
capture vt run all
is "a group: runs the tasks that it waits for" "$rc $(steps | grep -c .)" "0 2"
capture vt run
is "the list shows descriptions, and groups by their tasks" "$out" '  all: check  # What CI runs
  check: lint + test
  lint: lint  # Looks for mistakes
  test: lint /dev/null'
capture vt run --json
is "--json has the description" "$(jq -r '.tasks.lint.description' <<<"$out")" "Looks for mistakes"
refuses "arguments for a group: an error" "error: The group \"all\" has no command that 'x' could be handed to" all x
file vite-task.json '{"tasks":{"check":{"group":true,"dependsOn":["lint"],"env":["A"]}}}'
capture vt run check
has "a group with another setting: an error" "$err" 'found `env` in a group, expected `dependsOn` and `description` alone'
file vite-task.json '{"tasks":{"lint":{"group":true,"dependsOn":["test"]}}}'
capture vt run lint
has "a group with the name of a script: an error" "$err" "Task root#lint conflicts with a package.json script of the same name"
finish
