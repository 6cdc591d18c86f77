# An entry without a command gives the script of its name its settings.
. "${0%/*}/plan.sh" || exit
workspace
tools build
file package.json '{"name":"root","scripts":{"build":"build","lint":"build lint","prebuild":"build pre","postlint":"build post","test":"build test","plain":"build plain"}}'
on() { file vite-task.json "$1"; capture vt run --dry-run --json "$2"; jq -r '[.plan["'"$2"'"].steps[].cache.status] | join(" ")' <<<"$out" | sed 's/noBaseline/on/g; s/unknown/on/g; s/disabled/off/g'; }
is "an entry with output: the script is cached, its hook is not" "$(on '{"tasks":{"build":{"output":["dist/**"]}}}' build)" "off on"
is "an entry with input: the script is cached" "$(on '{"tasks":{"test":{"input":["src/**"]}}}' test)" "on"
is "an entry with cache true: the script is cached" "$(on '{"tasks":{"test":{"cache":true}}}' test)" "on"
is "an entry with settings in cache: the script is cached" "$(on '{"tasks":{"test":{"cache":{"env":["A"]}}}}' test)" "on"
is "an entry for a hook: the hook is cached, the script is not" "$(on '{"tasks":{"prebuild":{"cache":true}}}' build)" "on off"
is "an entry with cache false: the script is not cached" "$(on '{"cache":true,"tasks":{"test":{"cache":false}}}' test)" "off"
is "an entry with other keys alone: the script is not cached" "$(on '{"tasks":{"test":{"env":["A"],"untrackedEnv":["B"],"dependsOn":["lint"],"timeout":"1m","retries":1,"weight":2,"description":"x"}}}' test)" "off"
is "taskDefaults with the exact name: the script is cached" "$(on '{"taskDefaults":{"test":{"output":[]}}}' test)" "on"
is "taskDefaults with a pattern: the script is not cached" "$(on '{"taskDefaults":{"tes*":{"output":["x"],"cache":true}}}' test)" "off"
is "cache.scripts true: all scripts are cached" "$(on '{"cache":{"scripts":true},"taskDefaults":{"tes*":{"env":["A"]}}}' test)" "on"
is "cache.scripts false: a script whose entry asks for it is cached" "$(on '{"cache":{"scripts":false},"tasks":{"test":{"cache":true}}}' test)" "on"
is "cache false: no script is cached" "$(on '{"cache":false,"tasks":{"test":{"cache":true}}}' test)" "off"
file vite-task.json '{"tasks":{"test":{"cache":true}}}'
capture vt run --no-cache --dry-run test
has "--no-cache: no script is cached" "$out" "cache disabled"
capture vt run --cache --dry-run plain
hasnt "--cache: all scripts are cached" "$out" "cache disabled"

file vite-task.json '{"tasks":{"build":{"command":"build","output":["dist/**"]}}}'
refuses "a command in the entry of a script: an error" "error: Failed to load task graph
* Task root#build conflicts with a package.json script of the same name. Remove the script from package.json or rename the task" build
file vite-task.json '{"tasks":{"nothing":{"output":["dist/**"]}}}'
refuses "an entry without a command and without a script: an error" "error: Failed to load task graph
* Task root#nothing has no \`command\`, and package.json has no script of that name. Add one of them, or \`\"group\": true\` for a name that only stands for others" build

# the script keeps npm's variables, and an output comes back
file package.json '{"name":"root","scripts":{"build":"mkdir -p dist && echo $npm_package_name >dist/a","where":"pwd"}}'
file vite-task.json '{"tasks":{"build":{"output":["dist"]},"where":{"cwd":"sub"}}}'
mkdir sub
capture vt run where
has "an entry with cwd: the script runs there" "$out" "$W/sub"
capture vt run build
is "a script with an entry: has npm's variables" "$rc $(cat dist/a)" "0 root"
rm -r dist
capture vt run build
has "... hits the second time" "$out" "cache hit, replaying"
is "... and its output is restored" "$(cat dist/a)" "root"
finish
