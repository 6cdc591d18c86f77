# A task is cancelled, and a file that it looked at does not answer any more: vt ends in time.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
requires bindfs
own_mounts
[ -w /dev/fuse ] || skip_all "FUSE is not to be had here"
mkdir "$T/data" "$T/mounted"
for i in {1..100}; do echo $i >"$T/data/f$i"; done
bindfs -f "$T/data" "$T/mounted" 2>"$T/why" & server=$!
cleanup 'kill -CONT $server; kill $server; wait $server; umount -l "$T/mounted" 2>/dev/null'
until_true eval '[ -e "$T/mounted/f1" ] || ! kill -0 $server 2>/dev/null' || exit 99
[ -e "$T/mounted/f1" ] || skip_all "FUSE is not to be had here: $(<"$T/why")"
workspace
file package.json '{"name":"r"}'
ln -s "$T/mounted" far
tools
tool reads 'cat far/*; for f in "'"$T"'"/mounted/*; do [ -e "$f" ]; done; echo read >"'"$T"'/read"; exec sleep "$1"'
file vite-task.json '{"tasks":{"t":{"command":"reads 200"},"t2":{"command":"reads 0"}}}'
# silent_at_the_end READY: when the task has read the files their server stops; then READY is written
silent_at_the_end() {
	until_true [ -s "$T/read" ] && kill -STOP $server
	sleep 2                      # what the kernel remembers of the files becomes old
	echo ready >"$1"
}
for signal in INT TERM; do
	rm -f "$T/read" "$T/ready"
	silent_at_the_end "$T/ready" &
	_limited 60 "$abs_top_builddir/tests/lib/send-signal" "$T/ready" $signal "" "$VT" run t </dev/null >"$T/out" 2>"$T/err"
	is "SIG$signal, and the files are silent: vt ends" "$? $(grep -c . "$T/err")" "$((128 + $(kill -l $signal))) 0"
	wait $!
	kill -CONT $server
done
capture vt run t2
is "a task that ends by itself: kept" "$rc $(steps)" '0 $ reads 0'
capture vt run t2
has "... and a hit" "$out" "cache hit"
finish
