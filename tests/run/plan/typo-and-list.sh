# A typo gets suggestions, no task gets the list.
. "${abs_top_srcdir:?}/tests/run/plan/plan.sh"
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
capture vt run --nope build
is "an unknown option is a task" "$rc $out" '1 Task "--nope" not found.'
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
finish
