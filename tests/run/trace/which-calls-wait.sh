# Which functions of the C library wait for vt once a program has the gate: none of those that
# look, list, make, remove, rename, change attributes or start programs. Prints the others.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/run/trace/lib.sh"
: "${CC:=cc}"
ONCE=$abs_top_builddir/tests/plugins/trace-once
[ "$(uname -m)" = x86_64 ] || skip_all "the gate is for x86-64"
workspace
echo 'int x;' >"$T/library.c" && echo 'int main(void) { return 0; }' >"$T/true.c" &&
	$CC -shared -fPIC -o "$T/library.so" "$T/library.c" && $CC -o "$T/true" "$T/true.c" || skip_all "no compiler"
# waits FUNCTION TIMES: $waits, how many calls waited for vt
waits() {
	cd "$W" && rm -rf ./* && mkdir folder && cp "$T/library.so" "$T/true" . && echo x >file && echo x >folder/inside && ln -s file link || exit
	waits=$(PATH=$PWD:$PATH base_env PATH="$PWD:$PATH" TRACE_HOST_DEBUG=1 timeout 60 "$HOST" -r "$PWD" -o "$T/notes" "$TRACER" "$ONCE" "$1" "$2" 2>&1 >/dev/null </dev/null |
		sed -n 's/^traced: \([0-9]*\) .*/\1/p')
}
# A program that starts makes the loader open libraries before the shim is there. Between vfork and exec the C library
# makes calls itself, with all signals blocked, so none is interrupted.
STARTS=" fork_execv vfork_execv fork_execvp fork_execl fork_execlp fork_fexecve posix_spawn posix_spawnp system popen "
# calls that the C library makes within: the gate could stand in for them only by being another C library
WITHIN=" open_tmpfile fopen_rc fopen_ccs freopen tmpfile scandirat glob nftw ftw fts realpath_link get_current_dir_name statvfs
 pathconf lchmod inotify_add_watch dlopen getpwnam getpwuid getgrnam setlocale tzset gethostbyname iconv_open "
WITHIN=${WITHIN//$'\n'/}
slow= list=
for f in $("$ONCE"); do
	waits "$f" 2; few=$waits
	waits "$f" 12
	each=$((${waits:-0} - ${few:-0}))
	case "$STARTS$WITHIN" in
	*" $f "*) list+=" $f $((each / 10)).$((each % 10))" ;;
	*) [ "$each" = 0 ] && [ -n "$waits" ] || slow+=" $f:$each" ;;
	esac
done
is "no other function waits" "$slow" ""
echo "# calls that wait, by function:$list"
finish
