# An installed tree that is mounted elsewhere works there, and so does one that cannot be written.
. "${0%/*}/../../lib/functions.sh" || exit
. "${0%/*}/../../lib/installed.sh"
own_mounts
stage "$T/first"
mkdir "$T/second"
mount --bind "$T/first" "$T/second" && mount -o remount,bind,ro "$T/second" || skip_all "nothing can be mounted here"
VT=$T/second/bin/vt
workspace
file package.json '{"name":"app"}'
file vite-task.json '{"tasks":{"show":{"command":"cat in"}}}'
file in one
capture vt run show
is "a mounted tree: a task runs" "$rc ${out%%$'\n'*}$err" '0 $ cat in'
capture vt run show
has "... the second run hits" "$out" "cache hit"
capture vt plugins info store-local
has "... the plugins are those of the mounted tree" "$out" "$T/second/"
umount "$T/second"
finish
