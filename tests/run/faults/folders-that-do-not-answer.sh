# HOME, TMPDIR and similar folders lie on a file system whose server is silent: vt goes on without them after 3 s, and says so once.
. "${0%/*}/../../lib/functions.sh" || exit
requires python3
own_mounts
[ -w /dev/fuse ] || skip_all "FUSE is not to be had here"
mkdir "$T/silent"
mkfifo "$T/stop"
python3 -B "${0%/*}/silent-mount.py" "$T/silent" "$T/ready" <"$T/stop" 2>"$T/why" & server=$!
exec 8>"$T/stop"
cleanup 'exec 8>&-; wait $server; umount -l "$T/silent" 2>/dev/null'
until_true eval '[ -s "$T/ready" ] || ! kill -0 $server 2>/dev/null' || exit 99
[ -s "$T/ready" ] || skip_all "FUSE is not to be had here: $(<"$T/why")"
workspace
file package.json '{"name":"r"}'
file in one
head -c 3000000 /dev/zero >zeros
file vite-task.json '{"tasks":{"t":{"command":"cat in","input":["in"]}, "loud":{"command":"head -c 3000000 in zeros","input":["in"]}}}'
S=$T/silent
line() { printf 'warning: %s: the folder %s does not answer; vt goes on without it' "$1" "$2"; }
# silent NAME PATH: runs a task with the variable NAME set to a silent folder
silent() {
	rm -rf .vt
	capture with "$1=$2" vt run t
	is "$1 is silent: the task runs" "$rc $(grep -c '^warning' <<<"$err") $(steps)" "0 1 \$ cat in"
	has "... and one line says so" "$err" "$(line "$1" "$2")"
}
for name in XDG_RUNTIME_DIR XDG_CACHE_HOME XDG_CONFIG_HOME XDG_DATA_HOME TMPDIR HOME; do
	silent $name "$S"
done
silent XDG_RUNTIME_DIR "$S/below/it"
mkdir "$T/links"; ln -s "$S" "$T/links/x"
silent TMPDIR "$T/links/x"
capture with HOME="$S" TMPDIR="$S" XDG_RUNTIME_DIR="$S" XDG_CACHE_HOME="$S" XDG_CONFIG_HOME="$S" XDG_DATA_HOME="$S" vt run-many t loud
is "all variables at once: both tasks run, and each folder is told" "$rc $(grep -c 'does not answer' <<<"$err") $(steps | grep -c 'cache hit')" "0 6 1"
capture with HOME="$S" vt doctor
has "vt doctor: names HOME and its folder" "$err$out" "HOME: the folder $S does not answer"
hasnt "... and ends in time" "$rc" 124
capture with XDG_RUNTIME_DIR="$S" vt doctor
has "vt doctor: names XDG_RUNTIME_DIR and its folder" "$err$out" "XDG_RUNTIME_DIR: the folder $S does not answer"
# a reader of vt's output sees its end, though the process that asked the folder cannot be killed
out=$(with HOME="$S" _limited 120 sh -c '"$1" run t 2>&1 | cat' sh "$VT")
has "a reader of vt's output: sees its end" "$out" "$(line HOME "$S")"
finish
