# A circle of tasks is told with its whole path.
. "${0%/*}/plan.sh" || exit
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
file packages/c/package.json '{"name":"c","dependencies":{"a":"workspace:*"},"scripts":{"x":"echo c"}}'
order "packages around a circle all run, the last of them first" "packages/a#x<packages/b#x packages/b#x packages/c#x<packages/a#x" -r x
capture vt run -r x
is "the circle is told once" "$(grep -c . <<<"$err") $err" "1 warning: packages depend on each other in a cycle: a -> b -> a; the order of their tasks is kept as far as it can be"
finish
