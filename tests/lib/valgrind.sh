# Runs a unit test under valgrind: an error or a leak fails it after its own report.
case $1 in /*) p=$1 ;; *) p=./$1 ;; esac
exec valgrind -q --leak-check=full --errors-for-leak-kinds=definite,indirect --error-exitcode=9 \
	--trace-children=no --suppressions="$(dirname "$0")/valgrind.supp" "$p"
