# Tasks that run each other are told with their way.
. "${0%/*}/plan.sh" || exit
workspace
pnpm a
file package.json '{"name":"root","scripts":{"build":"vt run -r test","test":"vt run -r build"}}'
refuses "the root tasks run each other: an error" "error: Failed to plan tasks from \`vt run -r test\` in task root#build
* Failed to plan tasks from \`vt run -r build\` in task root#test
* Detected a recursion in task call stack: the last frame calls the 1th frame" build
refuses "the root tasks run each other, with -r: an error" "error: Failed to plan tasks from \`vt run -r test\` in task root#build
* Failed to plan tasks from \`vt run -r build\` in task root#test
* Detected a recursion in task call stack: the last frame calls the 1th frame" -r build
finish
