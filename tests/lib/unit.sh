# Runs a unit test; with VALGRIND=1 under valgrind, where an error or a leak fails it
# after its own report. cmocka calls a skipped test "not ok", which TAP does not.
case $1 in /*) p=$1 ;; *) p=./$1 ;; esac
set -o pipefail
run() { "$@" | sed 's/^not ok \([0-9]* # SKIP\)/ok \1/'; }
[ -n "${VALGRIND:-}" ] || { run "$p"; exit; }
run timeout --foreground 900 valgrind -q --leak-check=full --errors-for-leak-kinds=definite,indirect --error-exitcode=9 \
	--trace-children=no --suppressions="$(dirname "$0")/valgrind.supp" "$p"
