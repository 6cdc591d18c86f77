# --cache and --no-cache win over the settings, but not over cache: false.
. "${0%/*}/plan.sh" || exit
workspace
file pnpm-workspace.yaml ''
file package.json '{"name":"r","scripts":{"test":"pf t","lint":"pf l"}}'
file vite-task.json '{"cache":{"tasks":false},"tasks":{"build":{"command":"pf b"},"deploy":{"command":"pf d","cache":false},"check":{"command":"pf c","cache":true}}}'
tools pf
shape "no flag: the setting counts" "build: pf b !" build
shape "--cache caches a task" "build: pf b" --cache build
shape "--cache leaves cache: false alone" "deploy: pf d !" --cache deploy
shape "--cache caches a script" "test: pf t" --cache test
shape "--no-cache" "build: pf b !" --no-cache build
shape "--no-cache wins over cache: true" "check: pf c !" --no-cache check
shape "--cache with cache: true" "check: pf c" --cache check
capture vt run --cache --no-cache build
is "--cache with --no-cache: an error" "$rc $err" "2 error: the argument '--cache' cannot be used with '--no-cache'

Usage: vt run --cache <TASK_SPECIFIER> [ADDITIONAL_ARGS]...

For more information, try '--help'."
finish
