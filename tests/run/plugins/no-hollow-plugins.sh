# No hollow plugins: with each shared object taken away in turn exactly its function is
# gone, with one sentence; everything else works as before.
. "${0%/*}/../../lib/functions.sh" || exit
mkdir -p "$T/b/core" "$T/b/plugins-1"
mkdir -p "$T/b/plugin-api/client"
cp "$abs_top_builddir/core/vt" "$abs_top_builddir/core/vt-supervisor" "$T/b/core/"
cp -L "$abs_top_builddir/plugin-api/client/vt-node.node" "$T/b/plugin-api/client/" 2>/dev/null || true
VT=$T/b/core/vt
all=$(cd "$abs_top_builddir/plugins-1" && echo vt-*.so)

make_workspace() {
	workspace "$1"
	file package.json '{"name":"root"}'
	file in.txt one
	file vite-task.json '{"tasks":{
		"plain": {"command": "cat in.txt", "input": ["in.txt"]},
		"env": {"command": "cat in.txt", "input": ["in.txt"], "env": ["FOO"]},
		"out": {"command": "cp in.txt out.txt", "input": ["in.txt"], "output": ["out.txt"]},
		"auto": {"command": "cat in.txt"}}}'
}
# second TASK: runs it twice, prints "hit" or "run" for the second run
second() {
	capture with FOO=1 vt run "$1"
	first_rc=$rc first_said=$err
	capture with FOO=1 vt run "$1"
	case $out in *"cache hit, replaying"*) echo hit ;; *) echo run ;; esac
}
# without NAME plain env out auto: the result that each task's second run must have
without() {
	local name=$1 task want got said
	shift
	rm -f "$T/b/plugins-1/"*
	for p in $all; do [ "$p" = "vt-$name.so" ] || cp -L "$abs_top_builddir/plugins-1/$p" "$T/b/plugins-1/"; done
	make_workspace "w-$name"
	for task in plain env out auto; do
		want=$1
		shift
		second $task >"$T/got"; got=$(cat "$T/got")
		is "without $name: the second run of $task is a $want" "$got" "$want"
		capture with FOO=1 vt run $task
		is "without $name: $task succeeds" "$rc" 0
		has "without $name: $task does its work" "$out$(cat out.txt 2>/dev/null)" one
		if [ "$want" = run ]; then
			capture with FOO=1 vt run -v $task
			said=$(printf '%s\n%s\n' "$out" "$err" | grep -E 'warning: |Not cached: ' | sort -u)
			is "without $name: $task says why in one sentence" "$(printf '%s\n' "$said" | grep -c .)" 1
			[ "$(printf '%s\n' "$said" | grep -c .)" = 1 ] || printf '%s\n' "$said" | sed 's/^/# said: /'
		else
			is "without $name: nothing is said about $task" "$err" ""
		fi
	done
	capture vt plugins list
	hasnt "without $name: it is not listed as ready" "$(printf '%s\n' "$out" | grep "^$name " | grep ready)" ready
}
#        removed              plain env out auto
without nothing               hit  hit  hit  hit
without store-local           run  run  run  run
without fingerprint-content   run  run  run  run
without env-tracking          hit  run  hit  hit
without output-restore        hit  hit  run  hit
without trace-linux           hit  hit  hit  run
without auto-input            hit  hit  hit  run
without auto-output           hit  hit  hit  hit
finish
