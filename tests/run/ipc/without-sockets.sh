# Where sockets are forbidden the channel goes through FIFOs; where nothing can be
# written the tasks run all the same, uncached, with one warning.
. "${0%/*}/asking-tools.sh" || exit
N=$abs_top_builddir/tests/run/ipc/nosockets
[ -x "$N" ] || skip_all "nosockets is not built"
"$N" true; [ $? = 0 ] || skip_all "no filter can be installed here"
narrow() { base_env timeout -k 5 300 "$N" "$VT" "$@"; }
project() {
	workspace "$BY"
	tools
	file package.json '{"name":"w","private":true}'
	file vite-task.json "{\"tasks\":{\"t\":{\"command\":\"$(tool fetch_env) A\",\"cache\":true,\"input\":[]},
		\"kind\":{\"command\":\"sh kind.sh\",\"cache\":true,\"input\":[]},
		\"opt\":{\"command\":\"$(tool disable_cache)\",\"cache\":true,\"input\":[]}}}"
	echo '[ -d "$VP_RUN_IPC_NAME" ] && echo folder' >kind.sh
}
fifos() {
	project
	capture narrow run kind
	is "$BY: the endpoint is a folder of FIFOs" "$rc $(printed)" "0 folder"
	step "a question through FIFOs" cold A=1 narrow run t
	has "$BY: ... the tool is answered" "$out" "served A=1"
	step "... and tracked" hit A=1 narrow run t
	step "... and decides" "miss(env 'A' changed)" A=2 narrow run t
	step "an opt-out" cold narrow run opt
	step "... arrives" "miss(the last run was not kept: the task opted out of caching)" narrow run opt
	is "$BY: no endpoint is left" "$(ls "$T/run/vt" | grep -c ^s)" 0
}
by_all fifos

BY=sh
if command -v bwrap >/dev/null && bwrap --ro-bind / / --dev /dev --proc /proc true 2>/dev/null; then
	project
	closed() { base_env timeout -k 5 300 bwrap --ro-bind / / --dev /dev --proc /proc --bind "$W" "$W" --chdir "$W" env XDG_RUNTIME_DIR=/sys TMPDIR=/sys "$VT" "$@"; }
	step "no folder for the channel: the tasks run" cold A=1 closed run t opt
	is "... one warning tells it" "$(printf '%s\n' "$err" | grep -c 'warning: Failed to set up task communication: ')" 1
	step "... and are not kept" cold A=1 closed run t
	like "... the details tell why" "$(details)" '*→ Not cached: task communication failed (*)*'
else
	skip "no folder for the channel" "bwrap does not work here"
fi
finish
