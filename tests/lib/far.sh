# Sourced by the tests of far stores: clones of one workspace, and a store of tests/plugins/far-folder.c in $T/far.
export VT_PLUGIN_PATH="$abs_top_builddir/tests/plugins/.libs"
_env+=(VT_PLUGIN_PATH="$VT_PLUGIN_PATH")
KEY=$(printf '%064d' 7)
# user OPTIONS SHARING: writes the user's configuration: options of the store `main`, and the keys that results are shared by
user() {
	mkdir -p -m 700 "$T/home/.config/vt"
	printf '{"plugins": {"options": {"main": {"dir": "%s", "log": "%s"%s}}, "sharing": {%s}}}\n' "$T/far" "$T/log" "${1:+, $1}" "${2-\"key\": \"$KEY\"}" \
		>"$T/home/.config/vt/config.json"
}
# makers NAME... [-- MORE]: a pnpm workspace; the task t of packages/NAME copies in.txt to out/x, and then does MORE
makers() {
	local p all=()
	while [ $# -gt 0 ] && [ "$1" != -- ]; do all+=("$1"); shift; done
	pnpm "${all[@]}"
	for p in "${all[@]}"; do
		file packages/$p/in.txt $p
		file packages/$p/vite-task.json "{\"tasks\": {\"t\": {\"command\": \"mkdir -p out && cp in.txt out/x${2:+ && $2}\", \"input\": [\"in.txt\"], \"output\": [\"out/**\"]}}}"
	done
}
# config TASKS [STORES]
config() { file vite-task.json "{\"plugins\": {\"stores\": [\"store-local\", ${2:-{\"use\": \"far-folder\", \"as\": \"main\"\}}]}, \"tasks\": {$1}}"; }
# clone NAME: a copy of the workspace as it is, without what runs left; now the cwd
clone() { mkdir -p "$T/$1" && (cd "$W" && tar cf - --exclude=.vt --exclude=out .) | tar xf - -C "$T/$1" && cd "$T/$1" || exit 99; }
# calls WORD...: counts the calls of the store since the last `quiet`
quiet() { : >"$T/log"; }
calls() { grep -cE "${1:-.}" "$T/log" 2>/dev/null; }
hits() { printf '%s\n' "$out" | grep -c '◉ cache hit'; }
