# Lines of vt and lines of tasks that write to the terminal themselves come in order.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
workspace
tools
file package.json '{"name":"r","scripts":{"mixed":"print 1 && echo 2 && print 3 && echo 4 && printf 5 && echo 6"}}'
for i in 1 2 3; do
	vt run mixed >"$T/mixed" 2>&1
	is "own lines and the tasks' in order ($i)" "$(sed 's/ ⊘.*//' "$T/mixed" | head -17)" '$ print 1
1

$ echo 2
2

$ print 3
3

$ echo 4
4

$ printf 5
5
$ echo 6
6'
done
finish
