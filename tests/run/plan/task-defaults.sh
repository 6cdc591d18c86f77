# taskDefaults in the root file give settings to every package's task or script of a name.
. "${0%/*}/plan.sh" || exit
workspace
pnpm a b c
tools build gen
for p in a b c; do file packages/$p/package.json "{\"name\":\"$p\",\"scripts\":{\"build\":\"build\",\"build:dev\":\"build dev\",\"lint\":\"build lint\"}}"; done
file packages/b/package.json '{"name":"b","dependencies":{"a":"workspace:*"},"scripts":{"build":"build","gen":"gen","lint":"build lint"}}'
file packages/c/vite-task.json '{"tasks":{"types":{"command":"build types"}}}'
file vite-task.json '{"taskDefaults":{"build":{"dependsOn":["^build","gen"],"output":["dist/**"]},"build:*":{"dependsOn":["lint"],"env":["E"]},"types":{"dependsOn":["build"]}}}'
shape "scripts of that name wait as it says, where the package has such a task" \
	'packages/a#build: build | packages/b#build<packages/a#build,packages/b#gen: build | packages/b#gen: gen ! | packages/c#build: build' -r build
shape "a task of vite-task.json, too" 'packages/c#build: build | packages/c#types<packages/c#build: build types' c#types
shape "a pattern where no exact name fits; it turns no caching on" \
	'packages/a#build:dev<packages/a#lint: build dev ! | packages/a#lint: build lint !' a#build:dev
file packages/d/package.json '{"name":"d","dependencies":{"b":"workspace:*"},"scripts":{"types":"build types"}}'
order "a task that the package lacks stands for what it would wait for" \
	'packages/a#build packages/b#build<packages/a#build,packages/b#gen packages/b#gen packages/d#types<packages/b#build' d#types
order "taskDefaults make no task" 'packages/b#gen' -r gen
capture vt run -r --dry-run nothing
is "... also where no package has the task" "$rc $err" '1 error: Task "nothing" not found'

file vite-task.json '{"taskDefaults":{"b*":{"dependsOn":["lint"]},"buil*":{"dependsOn":["gen"]}}}'
order "two patterns that fit: the first alone" 'packages/b#build<packages/b#lint packages/b#lint' --filter b build

file vite-task.json '{"taskDefaults":{"build":{"dependsOn":["lint"],"env":["DEFAULT"],"output":["dist/**"],"timeout":"90s","retries":2}}}'
file packages/a/vite-task.json '{"tasks":{"build":{"dependsOn":["build:dev"]}}}'
file packages/b/vite-task.json '{"tasks":{"build":{"dependsOn":["...","gen"],"env":["...","OWN"]}}}'
file packages/c/vite-task.json '{"tasks":{"build":{"cache":false},"types":"build types"}}'
shape "a key of the package wins, the others stay" 'packages/a#build<packages/a#build:dev: build | packages/a#build:dev: build dev !' a#build
shape "... in a list for what is inherited" 'packages/b#build<packages/b#gen,packages/b#lint: build | packages/b#gen: gen ! | packages/b#lint: build lint !' b#build
shape "a package says that it is not cached" 'packages/c#build<packages/c#lint: build ! | packages/c#lint: build lint !' c#build

# names that a package lacks, and that stand for one another
names=(aa ab ac ad ae af ag ah ai aj ak al am an ao ap aq ar as at)
list=$(printf ',"%s"' "${names[@]}"); list="[${list#,}]"
file packages/e/package.json "{\"name\":\"e\",\"scripts\":{$(for x in "${names[@]}"; do printf '"%s":"build",' $x; done)\"z\":\"build\"}}"
file packages/f/package.json '{"name":"f","scripts":{"start":"build"}}'
file vite-task.json "{\"taskDefaults\":{\"start\":{\"dependsOn\":$list},\"a?\":{\"dependsOn\":$list}}}"
VT_TIMEOUT=20 order "many names that stand for one another are read at once" 'packages/f#start' f#start
rm -r packages/e packages/f
file vite-task.json '{"taskDefaults":{"build":{"dependsOn":["lint"],"env":["DEFAULT"],"output":["dist/**"],"timeout":"90s","retries":2}}}'

# the defaults that name variables
file packages/b/vite-task.json '{"tasks":{"build":{"env":["...","OWN"],"dependsOn":[]}}}'
with DEFAULT=1 OWN=1 capture vt run b#build
with DEFAULT=2 OWN=1 capture vt run b#build
has "an inherited variable: decides" "$out" "cache miss: env 'DEFAULT' changed"
with DEFAULT=2 OWN=2 capture vt run b#build
has "... beside the task's own" "$out" "cache miss: env 'OWN' changed"
with DEFAULT=3 OWN=2 A=3 capture vt run b#build
file packages/b/vite-task.json '{"tasks":{"build":{"env":["OWN"],"dependsOn":[]}}}'
with DEFAULT=3 OWN=2 capture vt run b#build
with DEFAULT=4 OWN=2 capture vt run b#build
has "a list without ... replaces the inherited one" "$out" "cache hit"

# ... in the defaults themselves
file vite-task.json '{"taskDefaults":{"build":{"dependsOn":["...","lint"],"env":["...","DEFAULT"],"input":["..."],"output":["...","dist/**"]}}}'
file packages/b/vite-task.json '{"tasks":{"build":{"env":["...","OWN"]}}}'
shape "... in the defaults stands for what holds without them" 'packages/b#build<packages/b#lint: build | packages/b#lint: build lint !' b#build
file packages/b/vite-task.json '{"tasks":{"build":{"env":["...","OWN"],"dependsOn":[]}}}'
with DEFAULT=5 OWN=2 capture vt run b#build
with DEFAULT=6 OWN=2 capture vt run b#build
has "... in each list" "$out" "cache miss: env 'DEFAULT' changed"

# wrong settings
graph=$'error: Failed to load task graph\n* Failed to load task config file for package at '"$W/"
file vite-task.json '{"taskDefaults":{"x":{"command":"ls"}}}'
refuses "a command in taskDefaults: an error" "$graph
* $W/vite-task.json:1:23: found \`command\` in \`taskDefaults\`, expected settings alone: they make no task" x
file vite-task.json '{"taskDefaults":{"x":{"group":true}}}'
refuses "a group in taskDefaults: an error" "$graph
* $W/vite-task.json:1:23: found \`group\` in \`taskDefaults\`, expected settings alone: they make no task" x
file vite-task.json '{"taskDefaults":{"x":"ls"}}'
refuses "a shorthand in taskDefaults: an error" "$graph
* $W/vite-task.json:1:22: invalid type: string \"ls\", expected a map of settings" x
file vite-task.json '{"taskDefaults":{"build":{"dependsOn":["nowhere"]}}}'
refuses "a dependency on a task that no package has: an error" "error: Failed to load task graph
* Failed to lookup dependency 'nowhere' for task c#build
* Task 'nowhere' not found in any package" build
rm vite-task.json packages/?/vite-task.json
file packages/a/vite-task.json '{"taskDefaults":{}}'
capture vt run build
has "taskDefaults in a package's file: an error" "$err" '`taskDefaults` can only be set in the workspace root config'
finish
