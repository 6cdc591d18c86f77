# A circle of tasks is told with its whole path.
. "${abs_top_srcdir:?}/tests/run/plan/plan.sh"
workspace
file pnpm-workspace.yaml ''
file package.json '{"name":"r"}'
file vite-task.json '{"tasks":{"task-a":{"command":"echo a","dependsOn":["task-b"]},"task-b":{"command":"echo b","dependsOn":["task-a"]}}}'
refuses "two" "error: Cycle dependency detected: r#task-a -> r#task-b -> r#task-a" task-a
order "--parallel knows no order" "task-a task-b" --parallel task-a
order "--ignore-depends-on neither" "task-a" --ignore-depends-on task-a
pnpm a b
file packages/a/package.json '{"name":"a","dependencies":{"b":"workspace:*"},"scripts":{"x":"echo"}}'
file packages/b/package.json '{"name":"b","peerDependencies":{"a":"workspace:*"},"scripts":{"x":"echo"}}'
refuses "packages around a circle" "error: Cycle dependency detected: a#x -> b#x -> a#x" -r x
finish
