# A Ctrl-C ends --watch whenever it comes: while it waits, while tasks run, and between.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/watch.sh"
workspace
file package.json '{"name":"r"}'
mkdir src; echo start >src/in
file vite-task.json '{"tasks":{"t":{"command":"sh -c \"grep -q good src/in\"","input":["src/**"]}}}'
seed=${SEED:-$RANDOM}; RANDOM=$seed; echo "# SEED=$seed"
ended() { ! kill -0 "$watcher" 2>/dev/null; }
left=0
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
	watching run t
	echo "edit $i" >src/in
	sleep "0.$(printf '%03d' $((RANDOM % 90)))"
	kill -INT "$watcher"
	until_true ended || { left=$((left + 1)); kill -9 "$watcher"; }
	wait "$_job" 2>/dev/null
done
is "Ctrl-C at fifteen moments: each watch ends" "$left" 0
finish
