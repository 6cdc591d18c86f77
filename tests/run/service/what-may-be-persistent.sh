# `persistent` and `ready` are checked before anything runs: which task may wait for one that never ends, and where it may stand.
. "${0%/*}/../../lib/functions.sh" || exit
workspace
pnpm a b
config() { file packages/a/vite-task.json "{\"tasks\":$1}"; }
refused() {                    # refused NAME TASKS TEXT
	config "$2"
	capture vt run t
	has "$1" "$err" "$3"
	is "... no task runs" "$rc $out" "1 "
}
cd packages/a || exit 99
config() { file vite-task.json "{\"tasks\":$1}"; }

refused "a condition needs a persistent task" '{"t":{"command":"true","ready":{"port":1}}}' 'found `ready`, expected `"persistent": true` beside it'
refused "a persistent task is never cached" '{"t":{"command":"true","persistent":true,"input":[]}}' 'found `input` beside `"persistent": true`'
refused "... not by cache either" '{"t":{"command":"true","persistent":true,"cache":true}}' 'found `cache` beside `"persistent": true`'
refused "two conditions" '{"t":{"command":"true","persistent":true,"ready":{"port":1,"file":"x"}}}' 'found `file` beside `port`, expected one of'
refused "no condition" '{"t":{"command":"true","persistent":true,"ready":{"timeout":"1s"}}}' 'found none of them, expected one of `output`, `port`, `http` and `file`'
refused "a word that is none" '{"t":{"command":"true","persistent":true,"ready":{"log":"x"}}}' 'unknown field `log`'
refused "a port that is none" '{"t":{"command":"true","persistent":true,"ready":{"port":70000}}}' 'expected a port from 1 to 65535'
refused "a part of a port" '{"t":{"command":"true","persistent":true,"ready":{"port":80.5}}}' 'expected a port from 1 to 65535'
refused "an address that is none" '{"t":{"command":"true","persistent":true,"ready":{"http":"localhost:3000"}}}' 'expected a URL such as `http://localhost:3000/`'
refused "https is not asked" '{"t":{"command":"true","persistent":true,"ready":{"http":"https://localhost"}}}' 'expected a URL such as'
refused "a time without a unit" '{"t":{"command":"true","persistent":true,"ready":{"port":1,"timeout":"60"}}}' 'expected a duration such as'
refused "no time at all" '{"t":{"command":"true","persistent":true,"ready":{"port":1,"timeout":"0s"}}}' 'expected a duration such as'

refused "a dependency on a task that is never ready" '{"dev":{"command":"sleep 300","persistent":true},"t":{"command":"true","dependsOn":["dev"]}}' \
	'Task a#t depends on the persistent task a#dev, which does not say when it is ready: give it `ready`'
refused "... through a run inside a command" '{"dev":{"command":"sleep 300","persistent":true},"all":{"command":"vt run dev"},"t":{"command":"true","dependsOn":["all"]}}' \
	'Task a#t depends on a#all, which runs a persistent task that does not say when it is ready'
refused "a command behind a persistent one" '{"dev":{"command":"sleep 300","persistent":true},"t":{"command":"vt run dev && true"}}' \
	'Task a#t goes on behind `vt run dev`, which is persistent: only the last element of a command may be'
refused "... ready or not" '{"dev":{"command":"sleep 300","persistent":true,"ready":{"port":1}},"t":{"command":["vt run dev","true"]}}' \
	'only the last element of a command may be'
refused "a persistent task ends with a program" '{"t":{"command":"true && vt run u","persistent":true},"u":{"command":"true"}}' \
	'The persistent task a#t must end with a program that goes on running'
refused "... and an echo is none" '{"t":{"command":"echo x","persistent":true}}' 'must end with a program'

config '{"dev":{"command":"true","persistent":true,"cache":false,"ready":{"http":"http://[::1]:8080/x?y","timeout":"500ms"}},"t":{"command":"true","dependsOn":["dev"]}}'
capture vt run --dry-run t
is "a right configuration: accepted" "$rc $err" "0 "
is "... a plan in JSON tells which task is persistent" "$(vt run --dry-run --json t | tr -d ' \n' | grep -o '"name":"[a-z]*","persistent":true')" '"name":"dev","persistent":true'
finish
