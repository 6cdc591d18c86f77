# The conformance kit finds mistakes: each in a store that is right otherwise has its sentence, and a store in use is left as it was.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
requires ${CC%% *}
api=$abs_top_srcdir/plugin-api
far=$abs_top_builddir/tests/plugins/.libs/vt-far-folder.so
cd "$T"
trial() { capture vt plugins check "$@"; }

# a store in use
trial "$far" dir="$T/server"
is "a server in use: all trials succeed" "$rc $(printf '%s\n' "$out" | grep WRONG)" "0 "
is "... and nothing is left on it" "$(ls "$T/server")" ""
trial "$far" dir="$T/server"
is "... also the second time" "$rc $(ls "$T/server")" "0 "
trial "$far" dir="$T/server" fault=read-only
is "a server that takes nothing: no fault" "$rc $(printf '%s\n' "$out" | grep WRONG)" "0 "
has "... the trials that were left out are named" "$out" "far-folder: what was put comes back: it takes nothing: what is put and comes back is not tried"
trial "$far"
is "a missing option: told once for each component" "$(printf '%s\n' "$out" | grep -c WRONG) $(printf '%s\n' "$out" | grep -c 'give it: vt-plugin-check FILE dir=...')" "2 2"

# names: a store that keeps all it got in one place, and drops nothing
sed "s|(const char \*)self, space|\"$T/kept\", space|; s|mkdir(self, 0700)|mkdir(\"$T/kept\", 0700)|; s/store-small/keeps/" "$api/example/store-small.c" >keeps.c
$CC -shared -fPIC -I"$api" keeps.c -o vt-keeps.so
blobs() { ls kept | sed -n 's/^1-//p' | sort; }
with VT_CHECK_SEED=7 trial vt-keeps.so
first=$(blobs); rm -rf kept
with VT_CHECK_SEED=7 trial vt-keeps.so
is "one seed: the same names" "$(blobs)" "$first"
is "the name of a blob is its SHA-256" "$(for name in $(blobs); do [ "$(sha256sum <"kept/1-$name")" = "$name  -" ] || echo "$name"; done)" ""
rm -rf kept
trial vt-keeps.so
# but for the empty blob, the one of 100 MiB, and the one that two processes put
is "no seed: other names" "$(comm -12 <(blobs) <(echo "$first") | wc -l)" 3
ok "... and many ($(blobs | wc -l))" $(($(blobs | wc -l) < 100))

# mistakes
cat >elsewhere.c <<X
#include <pthread.h>
struct job { vt_sink *into; vt_call *call; const void *data; size_t size; vt_status status; };
static void *do_job(void *ctx) { struct job *j = ctx; j->status = j->into->write(j->into, j->call, j->data, j->size); return NULL; }
static vt_status elsewhere(vt_sink *into, vt_call *call, const void *data, size_t size)
{
	struct job j = { into, call, data, size, VT_OK };
	pthread_t thread;
	if (pthread_create(&thread, NULL, do_job, &j)) return VT_FAILED;
	pthread_join(thread, NULL);
	return j.status;
}
X
# mistake SED-SCRIPT NAME SENTENCE
mistake() {
	sed -e "$1" -e "s/store-small/mistaken/; s/#include <vt-plugin.h>/#include <signal.h>\n#include <sys\/wait.h>\n&/" "$api/example/store-small.c" >mistaken.c
	$CC -shared -fPIC -I"$api" mistaken.c -o vt-mistaken.so 2>errors || sed 's/^/# /' errors
	with VT_PLUGIN_PATIENCE=5 trial vt-mistaken.so
	has "a store that $2: a trial fails" "$out" "WRONG  mistaken: $3"
}
get='0,/path_of(self, space, name, path);/s//'
mistake "$get &"' if (fork() == 0) _exit(0);/' "leaves a process behind" "an unknown name is not there: it starts a process during this"
mistake "$get &"' signal(SIGINT, SIG_IGN);/' "ignores a signal" "an unknown name is not there: it changes which signals are ignored during this"
mistake "$get &"' { sigset_t s; sigfillset(\&s); sigprocmask(SIG_BLOCK, \&s, NULL); }/' "blocks signals" "an unknown name is not there: it changes which signals are blocked during this"
mistake 's/status = into->write(into, call,/status = elsewhere(into, call,/; /#include <vt-plugin.h>/r elsewhere.c' "writes from another thread" "what was put comes back: get writes to its sink from another thread"
mistake "$get"' for (;;) pause();/' "hangs" "an unknown name is not there: it did not answer within 5 s"
is "... and no other trial follows" "$(printf '%s\n' "$out" | grep -c mistaken:)" 2

# servers: the example of the manual, impatient in one place only
sed 's/int64_t left = call->left_ms(call);/int64_t left = 60000;/; s/call->stopping(call) || //; s/store-http-plain/mistaken/' "$api/example/store-http.c" >mistaken.c
$CC -shared -fPIC -I"$api" mistaken.c -o vt-mistaken.so 2>errors || sed 's/^/# /' errors
with VT_PLUGIN_PATIENCE=10 trial vt-mistaken.so url=http://127.0.0.1:9/
has "a store that waits for a server without an end: a trial fails" "$out" "WRONG  mistaken: a server that hangs: it did not answer within 10 s"
awk '/^static vt_status wait_for/ { print; print "{\n\tstruct pollfd p = { .fd = fd, .events = what };\n\t(void)call;\n\treturn poll(&p, 1, 1500) > 0 ? VT_OK : VT_CANCELLED;\n}"; skip = 1 } skip && /^}/ { skip = 0; next } !skip' \
	"$api/example/store-http.c" | sed 's/store-http-plain/mistaken/' >mistaken.c
$CC -shared -fPIC -I"$api" mistaken.c -o vt-mistaken.so 2>errors || sed 's/^/# /' errors
with VT_PLUGIN_PATIENCE=10 trial vt-mistaken.so url=http://127.0.0.1:9/
has "a store that gives each byte its own time: passes that trial" "$out" "ok     mistaken: a server that hangs"
like "... and fails the one with a server that drips" "$out" "*WRONG  mistaken: a server that drips: @(it did not answer within 10 s|get from a server that sends a byte now and then takes)*"
finish
