# A process that tasks of earlier rounds left behind does not stay as a zombie of vt.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/watch.sh"
workspace
file package.json '{"name":"r"}'
mkdir src; echo start >src/in
file vite-task.json '{"tasks":{"t":{"command":"sh -c \"cat src/in; (sleep 0.1) >/dev/null 2>&1 </dev/null & \"","input":["src/**"]}}}'
zombies() { ps --ppid "$watcher" -o stat= | grep -c '^Z'; }
gone() { [ "$(ps --ppid "$watcher" -o stat=,comm= | grep -vc '^Z')" -le "$1" ]; }
watching run t
for i in 1 2 3 4 5 6 7 8; do
	echo "$i" >src/in
	again
	until_true gone 1              # what it left has ended; the supervisor may stay
done
n=$(zombies)
ok "eight rounds: at most the process of the last one is left ($n)" $((n > 2))
watched INT
is "Ctrl-C: ends the watch" "$rc" 0
finish
