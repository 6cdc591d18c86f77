# A task may be a string or a list of commands.
. "${0%/*}/plan.sh" || exit
workspace
file pnpm-workspace.yaml ''
file package.json '{"name":"r"}'
file vite-task.json '{"cache":true,"tasks":{
 "string":"echo s","array":["echo 1","pf 2"],"and":["echo 1 && pf 2","pf 3"],"nested":["vt run string","echo after"],
 "cd":["cd snapshots","pf"],"cd-shell":["cd snapshots","echo $PWD"],"shell-cd":["cd \"$APP_DIR\"","pf"],
 "object":{"command":["echo a","echo b"],"dependsOn":["string"]},"empty":[],"blank":["pf",""]}}'
mkdir snapshots
tools pf
shape "a string" "string: echo s" string
shape "a list of commands" "array: echo 1; pf 2" array
shape "a list with && inside" "and: echo 1; pf 2; pf 3" and
shape "a list with a nested run" "nested: {string: echo s}; echo after" nested
shape "cd in a list: moves the commands after it" "cd: pf @snapshots" cd
shape "cd before a shell: moves it, too" 'cd-shell: sh -c echo $PWD @snapshots' cd-shell
shape "cd inside a shell: moves nothing after it" 'shell-cd: sh -c cd "$APP_DIR"; pf' shell-cd
shape "a list in an object" "object<string: echo a; echo b | string: echo s" object
shape "an empty list: no step" "empty" empty
shape "an empty command: a step" "blank: pf; sh -c " blank
shape "arguments: handed to the last command" "array: echo 1; pf 2 x" array x
finish
