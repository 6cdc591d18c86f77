# --watch is not woken by files that vt writes itself into the package of a task: reports, and what it prints.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/watch.sh"
workspace
file package.json '{"name":"r"}'
file vite-task.json '{"tasks":{"t":{"command":"cat in","cache":false}}}'
echo one >in
mkdir reports elsewhere
ln -s "$W/reports" elsewhere/link
runs() { grep -c 'vt run: waiting' "$1"; }
for options in '--summary-file s.json' '--events reports/e.json' '--events elsewhere/link/e2.json' "--profile $W/p.json"; do
	watching run $options t
	settled
	is "$options: starts nothing" "$(runs "$T/log")" 1
	edit in two
	again
	settled
	is "... an edit does, once" "$(runs "$T/log")" 2
	watched INT
done
is "the reports are written" "$(ls s.json p.json reports)" "p.json
s.json

reports:
e.json
e.json.logs
e2.json
e2.json.logs"

# the output goes to a file of the package
rm "$T/watcher"; : >printed
base_env sh -c 'echo $$ >"$0"; exec "$@" >printed 2>&1 </dev/null' "$T/watcher" "$VT" run --watch t &
until_true [ -s "$T/watcher" ]
watcher=$(cat "$T/watcher")
_watchers+=("$watcher")
has_waited() { [ "$(runs printed)" -ge "$1" ]; }
until_true has_waited 1
edit in three
until_true has_waited 2
edit in four
until_true has_waited 3
# an event of the file would have come before that of the last edit, and have started a run or be counted in its line
is "a file that vt prints to: starts nothing" "$(runs printed; grep ' changed' printed)" "3
vt run: 'in' changed
vt run: 'in' changed"
kill -INT "$watcher"
wait
finish
