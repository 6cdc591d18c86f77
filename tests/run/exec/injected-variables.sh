# Variables that the runner adds to a task's environment, and only when they are true.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
workspace
tools
tool vars 'for n in FSPY VP_RUN_IPC_NAME VP_RUN_NODE_CLIENT_PATH; do eval "v=\${$n-}"; [ -n "$v" ] && printf "%s " $n; done; echo .; case ${VP_RUN_IPC_NAME-} in outer) echo outer;; esac'
file vite-task.json '{"tasks":{"auto":"vars","globs":{"command":"vars","input":["package.json"]},"none":{"command":"vars","input":[]},"off":{"command":"vars","cache":false}}}'
file package.json '{"name":"r"}'
last() { printf '%s\n' "$out" | sed -n 2,3p; }
with FSPY=9 VP_RUN_IPC_NAME=outer capture vt run auto
is "automatic inputs: traced, with a channel" "$(last)" "FSPY VP_RUN_IPC_NAME VP_RUN_NODE_CLIENT_PATH ."
for t in globs none; do
	with FSPY=9 VP_RUN_IPC_NAME=outer capture vt run $t
	is "$t: a channel, not traced" "$(last)" "VP_RUN_IPC_NAME VP_RUN_NODE_CLIENT_PATH ."
done
capture vt run off
is "not cached: no variable" "$(last)" .
with VP_RUN_IPC_NAME=outer capture vt run off
is "not cached: variables from outside stay" "$(last)" "VP_RUN_IPC_NAME .
outer"
finish
