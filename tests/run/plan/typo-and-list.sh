# A typo gets suggestions, no task gets the list.
. "${0%/*}/plan.sh" || exit
workspace
pnpm app lib
file packages/app/package.json '{"name":"app","scripts":{"build":"echo app","test":"echo t"}}'
file packages/lib/package.json '{"name":"lib","scripts":{"build":"echo lib"}}'
file vite-task.json '{"tasks":{"ci":["echo 1","echo 2"]}}'
capture vt run
is "no task: the list is printed" "$rc $out" "0   ci: echo 1 && echo 2
  app#build: echo app
  app#test: echo t
  lib#build: echo lib"
cd packages/lib
capture vt run
is "... the current package comes first" "$rc $out" "0   build: echo lib
  ci: echo 1 && echo 2
  app#build: echo app
  app#test: echo t"
cd ../..
capture vt run buid
is "a typo: near names are suggested" "$rc $out" '1 Task "buid" not found. Did you mean:
  app#build: echo app
  lib#build: echo lib'
capture vt run nosuch
is "a name that resembles none: no suggestion" "$rc $out" '1 Task "nosuch" not found.'
usage="

Usage: vt run [OPTIONS] [TASK_SPECIFIER] [ADDITIONAL_ARGS]...

For more information, try '--help'."
capture vt run --recursve build
is "a misspelt option: the nearest is named" "$rc $out$err" "2 error: unexpected argument '--recursve' found

  tip: a similar argument exists: '--recursive'$usage"
capture vt run -r --nope build
is "... unless none is near" "$rc $out$err" "2 error: unexpected argument '--nope' found$usage"
capture vt run -rx build
is "... and each letter of a short word must be one" "$rc $out$err" "2 error: unexpected argument '-rx' found$usage"
capture vt run -- --recursve
is "a word with dashes after --: the name of a task" "$rc $out" '1 Task "--recursve" not found.'
file packages/lib/package.json '{"name":"lib","scripts":{"build":"echo lib","--recursve":"echo odd"}}'
capture vt run -r --recursve
has "a task that has exactly that name: runs" "$rc $out" "odd"
file packages/lib/package.json '{"name":"lib","scripts":{"build":"echo lib"}}'
refuses "a typo with -r: no suggestion" 'error: Task "buid" not found' -r buid
refuses "a typo with -t: no suggestion" 'error: Task "buid" not found' -t buid
refuses "a typo behind a package: no suggestion" 'error: Task "app#nosuch" not found' app#nosuch
refuses "a typo with a limit: no suggestion" 'error: Task "buid" not found' --concurrency-limit 2 buid
refuses "an unknown package: an error" "error: Package 'nosuch' not found in the workspace" nosuch#build
refuses "-r without a task: an error" "error: No task specifier provided for 'run' command" -r
refuses "-v without a task: an error" "error: No task specifier provided for 'run' command" -v
refuses "--no-cache without a task: an error" "error: No task specifier provided for 'run' command" --no-cache
capture vt run --cache
is "--cache without a task: the list is printed" "$rc $(wc -l <<<"$out")" "0 4"
file package.json '{"name":"root","scripts":{"bad":"vt run nosuch"}}'
refuses "a typo inside a command: the task is named" 'error: Failed to plan tasks from `vt run nosuch` in task root#bad
* Task "nosuch" not found' bad
file package.json '{"name":"root","scripts":{"bad":"vt run --dry-rn build"}}'
refuses "a misspelt option inside a command: the nearest is named" "error: Failed to plan tasks from \`vt run --dry-rn build\` in task root#bad
* unexpected argument '--dry-rn' found; a similar argument exists: '--dry-run'" bad
finish
