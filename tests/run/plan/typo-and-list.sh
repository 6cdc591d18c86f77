# A typo gets suggestions, no task gets the list.
. "${0%/*}/plan.sh" || exit
workspace
pnpm app lib
file packages/app/package.json '{"name":"app","scripts":{"build":"echo app","test":"echo t"}}'
file packages/lib/package.json '{"name":"lib","scripts":{"build":"echo lib"}}'
file vite-task.json '{"tasks":{"ci":["echo 1","echo 2"]}}'
capture vt run
is "the list" "$rc $out" "0   ci: echo 1 && echo 2
  app#build: echo app
  app#test: echo t
  lib#build: echo lib"
cd packages/lib
capture vt run
is "the current package first" "$rc $out" "0   build: echo lib
  ci: echo 1 && echo 2
  app#build: echo app
  app#test: echo t"
cd ../..
capture vt run buid
is "a typo" "$rc $out" '1 Task "buid" not found. Did you mean:
  app#build: echo app
  lib#build: echo lib'
capture vt run nosuch
is "nothing like it" "$rc $out" '1 Task "nosuch" not found.'
usage="

Usage: vt run [OPTIONS] [TASK_SPECIFIER] [ADDITIONAL_ARGS]...

For more information, try '--help'."
capture vt run --recursve build
is "a misspelt option names the nearest" "$rc $out$err" "2 error: unexpected argument '--recursve' found

  tip: a similar argument exists: '--recursive'$usage"
capture vt run -r --nope build
is "... unless none is near" "$rc $out$err" "2 error: unexpected argument '--nope' found$usage"
capture vt run -rx build
is "... and of a word of letters each must be one" "$rc $out$err" "2 error: unexpected argument '-rx' found$usage"
capture vt run -- --recursve
is "after -- it is a task" "$rc $out" '1 Task "--recursve" not found.'
file packages/lib/package.json '{"name":"lib","scripts":{"build":"echo lib","--recursve":"echo odd"}}'
capture vt run -r --recursve
has "a task that has exactly that name runs" "$rc $out" "odd"
file packages/lib/package.json '{"name":"lib","scripts":{"build":"echo lib"}}'
refuses "-r has no suggestions" 'error: Task "buid" not found' -r buid
refuses "nor -t" 'error: Task "buid" not found' -t buid
refuses "neither has a package" 'error: Task "app#nosuch" not found' app#nosuch
refuses "nor a limit" 'error: Task "buid" not found' --concurrency-limit 2 buid
refuses "a package that is not there" "error: Package 'nosuch' not found in the workspace" nosuch#build
refuses "-r without a task" "error: No task specifier provided for 'run' command" -r
refuses "-v without a task" "error: No task specifier provided for 'run' command" -v
refuses "--no-cache without a task" "error: No task specifier provided for 'run' command" --no-cache
capture vt run --cache
is "--cache without a task" "$rc $(wc -l <<<"$out")" "0 4"
file package.json '{"name":"root","scripts":{"bad":"vt run nosuch"}}'
refuses "inside a task" 'error: Failed to plan tasks from `vt run nosuch` in task root#bad
* Task "nosuch" not found' bad
file package.json '{"name":"root","scripts":{"bad":"vt run --dry-rn build"}}'
refuses "a misspelt option inside a task" "error: Failed to plan tasks from \`vt run --dry-rn build\` in task root#bad
* unexpected argument '--dry-rn' found; a similar argument exists: '--dry-run'" bad
finish
