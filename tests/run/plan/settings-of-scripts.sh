# An entry without a command gives the script of its name its settings.
. "${0%/*}/plan.sh" || exit
workspace
tools build
file package.json '{"name":"root","scripts":{"build":"build","lint":"build lint","prebuild":"build pre","postlint":"build post","test":"build test","plain":"build plain"}}'
on() { file vite-task.json "$1"; capture vt run --dry-run --json "$2"; jq -r '[.plan["'"$2"'"].steps[].cache.status] | join(" ")' <<<"$out" | sed 's/noBaseline/on/g; s/unknown/on/g; s/disabled/off/g'; }
is "with output it is cached, its hook is not" "$(on '{"tasks":{"build":{"output":["dist/**"]}}}' build)" "off on"
is "with input" "$(on '{"tasks":{"test":{"input":["src/**"]}}}' test)" "on"
is "with cache true" "$(on '{"tasks":{"test":{"cache":true}}}' test)" "on"
is "with settings in cache" "$(on '{"tasks":{"test":{"cache":{"env":["A"]}}}}' test)" "on"
is "a hook by its own entry" "$(on '{"tasks":{"prebuild":{"cache":true}}}' build)" "on off"
is "with cache false it is not" "$(on '{"cache":true,"tasks":{"test":{"cache":false}}}' test)" "off"
is "no other key does it" "$(on '{"tasks":{"test":{"env":["A"],"untrackedEnv":["B"],"dependsOn":["lint"],"timeout":"1m","retries":1,"weight":2,"description":"x"}}}' test)" "off"
is "an exact name in taskDefaults does" "$(on '{"taskDefaults":{"test":{"output":[]}}}' test)" "on"
is "a pattern does not" "$(on '{"taskDefaults":{"tes*":{"output":["x"],"cache":true}}}' test)" "off"
is "cache.scripts caches all" "$(on '{"cache":{"scripts":true},"taskDefaults":{"tes*":{"env":["A"]}}}' test)" "on"
is "cache.scripts false leaves those that ask" "$(on '{"cache":{"scripts":false},"tasks":{"test":{"cache":true}}}' test)" "on"
is "cache false turns all off" "$(on '{"cache":false,"tasks":{"test":{"cache":true}}}' test)" "off"
file vite-task.json '{"tasks":{"test":{"cache":true}}}'
capture vt run --no-cache --dry-run test
has "--no-cache turns it off" "$out" "cache disabled"
capture vt run --cache --dry-run plain
hasnt "--cache turns all on" "$out" "cache disabled"

file vite-task.json '{"tasks":{"build":{"command":"build","output":["dist/**"]}}}'
refuses "a command beside a script stays an error" "error: Failed to load task graph
* Task root#build conflicts with a package.json script of the same name. Remove the script from package.json or rename the task" build
file vite-task.json '{"tasks":{"nothing":{"output":["dist/**"]}}}'
refuses "without a command there must be a script" "error: Failed to load task graph
* Task root#nothing has no \`command\`, and package.json has no script of that name. Add one of them, or \`\"group\": true\` for a name that only stands for others" build

# the script keeps what npm gives it, and an output comes back
file package.json '{"name":"root","scripts":{"build":"mkdir -p dist && echo $npm_package_name >dist/a","where":"pwd"}}'
file vite-task.json '{"tasks":{"build":{"output":["dist"]},"where":{"cwd":"sub"}}}'
mkdir sub
capture vt run where
has "it runs where the entry says" "$out" "$W/sub"
capture vt run build
is "it is still a script of npm's" "$rc $(cat dist/a)" "0 root"
rm -r dist
capture vt run build
has "a hit" "$out" "cache hit, replaying"
is "... puts the output back" "$(cat dist/a)" "root"
finish
