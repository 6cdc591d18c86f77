#!/bin/bash
# check-real.sh CHECKOUT [TASK...]: runs the tasks (build, test, lint) of a checkout of a monorepo,
# whose dependencies are installed, by its own runner and by vt: without a cache, with an empty one,
# and again. Prints for each the exit status, the files that differ from those its own runner left,
# and the hits. The checkout is copied (thrice); it stays as it is.
#
#   make check-real REAL=/path/to/checkout [REAL_TASKS="build test"]
#
# Its own runner runs twice: files that already differ between these two are not compared.
# VT: the vt to run. RUNNER: a command that runs the task whose name follows, instead of the package
# manager's own for all packages. The exit status is 0 when vt's runs succeed or fail as that one does,
# and no file differs.
set -u
VT=${VT:?names the vt to run}
from=$(cd "${1:?names the checkout}" && pwd -P) || exit 2
shift
[ $# -gt 0 ] || set -- build test lint
T=$(mktemp -d "${TMPDIR:-/tmp}/vt-real-XXXXXX") || exit 2
trap 'rm -rf "$T"' EXIT
PATH=$(dirname "$(realpath "$VT")"):$PATH
bad=0

if [ -e "$from/pnpm-lock.yaml" ]; then manager=pnpm; runner=${RUNNER:-"pnpm -r run"}
elif [ -e "$from/bun.lock" ] || [ -e "$from/bun.lockb" ]; then manager=bun; runner=${RUNNER:-"bun run --filter *"}
elif [ -e "$from/yarn.lock" ] && grep -q '^__metadata:' "$from/yarn.lock"; then manager=yarn; runner=${RUNNER:-"yarn workspaces foreach -A --topological-dev run"}
elif [ -e "$from/yarn.lock" ]; then manager=yarn; runner=${RUNNER:-"yarn workspaces run"}
else manager=npm; runner=${RUNNER:-"npm --workspaces --if-present run"}; fi
echo "$(basename "$from"): $manager; its own runner is: $runner TASK"

# its files, each with its content; without files that tools keep for themselves
tree() {
	(cd "$1" && find . \( -name node_modules -o -name .git -o -name .vt -o -name .turbo -o -name .nx -o -name .yarn \) -prune -o \( -type f -o -type l \) -print0 |
		sort -z | xargs -0 -r sh -c 'for f; do [ -L "$f" ] && echo "link $(readlink "$f")  $f" || sha256sum "$f"; done' sh) | sed 's/^\\//'
}
fresh() { rm -rf "${T:?}/$1"; cp -a --reflink=auto "$from" "$T/$1"; rm -rf "${T:?}/$1/.vt"; }
# run COPY NAME command...: its status in $status, its output in NAME.log
run() {
	local copy=$1 name=$2; shift 2
	(cd "$T/$copy" && CI=1 "$@") >"$T/$name.log" 2>&1 </dev/null
	status=$?
	tree "$T/$copy" >"$T/$name.tree"
}
# the files that NAME left otherwise than the runner, but for those that differ between its own runs
differing() {
	diff "$T/own.tree" "$T/$1.tree" | sed -n 's/^[<>] .*  \(\.\/.*\)$/\1/p' | sort -u | grep -vxFf "$T/unsteady" || :
}
hits() { grep -oE '[0-9]+/[0-9]+ cache hit|^vt run: cache hit' "$T/$1.log" | tail -1 | sed 's/^vt run: cache hit/1\/1 cache hit/'; }
# report TASK WHAT: a line, and whether it is as with the runner
report() {
	local files; files=$(differing "$3")
	local n=0; [ -z "$files" ] || n=$(wc -l <<<"$files")
	printf '%-10s %-14s exit %-4s %s files differ  %s\n' "$1" "$2" "$status" "$n" "$(hits "$3")"
	[ "$n" = 0 ] || { bad=1; head -10 <<<"$files" | sed 's/^/    /'; }
	[ $((status != 0)) = $((own != 0)) ] || { bad=1; echo "    its own runner: exit $own; the end of what vt printed:"; tail -15 "$T/$3.log" | sed 's/^/    /'; }
}

fresh own; fresh steady; fresh plain; fresh cached
for task; do
	set -f; words=($runner "$task"); set +f
	run steady steady "${words[@]}"
	run own own "${words[@]}"; own=$status
	diff "$T/own.tree" "$T/steady.tree" | sed -n 's/^[<>] .*  \(\.\/.*\)$/\1/p' | sort -u >"$T/unsteady"
	printf '%-10s %-14s exit %-4s %s files, %s of them differ between two of its runs\n' "$task" "$manager" "$own" "$(wc -l <"$T/own.tree")" "$(wc -l <"$T/unsteady")"
	run plain nocache vt run -r --no-cache "$task"; report "$task" "vt --no-cache" nocache
	run cached cold vt run -r --cache "$task"; report "$task" "vt, cold" cold
	run cached again vt run -r --cache "$task"; report "$task" "vt, again" again
done
exit $bad
