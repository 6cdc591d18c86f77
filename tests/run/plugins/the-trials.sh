# The conformance kit finds mistakes: each in a store that is right otherwise has its sentence, and a store in use is left as it was.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
requires ${CC%% *}
api=$abs_top_srcdir/plugin-api
far=$abs_top_builddir/tests/plugins/.libs/vt-far-folder.so
cd "$T"
trial() { capture vt plugins check "$@"; }

# two that take their time begin now and are looked at below
cat >slow.c <<'X'
#include <unistd.h>
#include <vt-plugin.h>
static vt_status create(const vt_host *host, vt_call *call, void **ret_self)
{
	(void)host, (void)call;
	*ret_self = NULL;
	return usleep(SLEEP_MS * 1000) ? VT_FAILED : VT_OK;
}
static const vt_part_ops ops = { .struct_size = sizeof ops };
#define PART(n) { .struct_size = sizeof(vt_component), .kind = VT_KIND_PART, .name = "slow-" n, .create = create, .ops = &ops }
static const vt_component parts[] = { PART("0"), PART("1"), PART("2"), PART("3"), PART("4"), PART("5"), PART("6"), PART("7"), PART("8"),
	PART("9"), PART("10"), PART("11"), PART("12"), PART("13"), PART("14"), PART("15") };
#define P(n) &parts[n]
VT_PLUGIN(NAME, "1", NULL, NULL, NULL, P(0), P(1), P(2), P(3), P(4), P(5), P(6), P(7), P(8), P(9), P(10), P(11), P(12), P(13), P(14), P(15));
X
$CC -D_GNU_SOURCE -shared -fPIC -I"$api" -DNAME='"slow"' -DSLEEP_MS=400 slow.c -o vt-slow.so || exit 99
$CC -D_GNU_SOURCE -shared -fPIC -I"$api" -DNAME='"stuck"' -DSLEEP_MS=600000 slow.c -o vt-stuck.so || exit 99
with VT_PLUGIN_PATIENCE=1 vt plugins check vt-slow.so >slow.out 2>&1 &
slow=$!
# more than the 20 seconds without the variable
with VT_PLUGIN_PATIENCE=21 vt plugins check vt-stuck.so >stuck.out 2>&1 &
stuck=$!
cleanup 'kill $slow $stuck 2>/dev/null'

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
# but for the empty blob and the one of 100 MiB
is "no seed: other names" "$(comm -12 <(blobs) <(echo "$first") | wc -l)" 2
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
mistake "$get &"' if (system("true")) return VT_FAILED;/' "starts a process and waits for it" "an unknown name is not there: it starts a process during this"
mistake "$get &"' if (fork() == 0) { if (fork() == 0) for (;;) pause(); _exit(0); }/' "leaves a child of a child behind" "an unknown name is not there: it starts a process during this"
mistake "$get &"' call->report(call, VT_REPORT_ERROR, "down", (vt_bytes){ "away", 4 }); return VT_DOWN;/' "is of no use" "an unknown name is not there: get of a blob that was never put answers VT_DOWN, expected VT_NONE"
mistake 's/status = into->write(into, call,/status = elsewhere(into, call,/; /#include <vt-plugin.h>/r elsewhere.c' "writes from another thread" "what was put comes back: get writes to its sink from another thread"
mistake 's/close(fd);/(void)0;/' "leaves each file open" "what was put comes back: it leaves 9 files open during this"
has "... what is not there is not tried, and said" "$out" "ok     mistaken: a lease has one owner: it has no lease: not tried"
mistake "$get"' for (;;) pause();/' "hangs" "an unknown name is not there: it did not answer within 5 s"
is "... and no other trial follows" "$(printf '%s\n' "$out" | grep -c mistaken:)" 2

listing='s/^static const vt_store_ops ops = {/static vt_status list(void *self, vt_call *call, uint32_t space, int64_t since_s, vt_sink *names)\n{\n\tLIST\n}\n\n& .list = list,/'
mistake "${listing/LIST/return VT_OK;}" "lists nothing" "what was put is listed: list names what was put a moment ago 0 times, expected once"
mistake "${listing/LIST/return names->write(names, call, \"four\", 4);}" "lists half of a name" "what was put is listed: list writes 4 bytes, which are no names of 32"

# parts are shown all that may happen, and may name all facts that there are
cat >facts.c <<'X'
#include <string.h>
#include <vt-plugin.h>
static vt_status infer(void *self, vt_call *call, const vt_step *step, const vt_seen *seen, uint32_t n, vt_findings *findings)
{
	static const char all[] = "NET OUTSIDE LEFT BEFORE";
	vt_status status = VT_OK;
	uint32_t i, missing = 15;

	(void)self, (void)step;
	for (i = 0; i < n && status == VT_OK; i++) {
		missing &= ~(seen[i].op == VT_SEEN_NET ? 1u : 0) & ~(seen[i].flags & VT_SEEN_OUTSIDE ? 2u : 0) &
			~(seen[i].flags & VT_SEEN_LEFT ? 4u : 0) & ~(seen[i].op == VT_SEEN_BEFORE && seen[i].other.size > 33 ? 8u : 0);
		if (seen[i].op == VT_SEEN_READ && (((const char *)seen[i].name.data)[0] == '/') != !!(seen[i].flags & VT_SEEN_OUTSIDE))
			missing = 15;
		else if (seen[i].op == VT_SEEN_READ && seen[i].flags & VT_SEEN_OUTSIDE)
			status = findings->add(findings, call, VT_FACT_OUTSIDE, seen[i].name, (vt_bytes){ 0 });
	}
	if (!n || !missing)
		return status;
	call->report(call, VT_REPORT_ERROR, "missing", (vt_bytes){ all, sizeof all - 1 });
	return VT_FAILED;
}
static const vt_part_ops ops = { .struct_size = sizeof ops, .infer = infer };
static const vt_component component = { .struct_size = sizeof component, .kind = VT_KIND_PART, .name = "facts", .threads = VT_THREADS_MANY, .ops = &ops };
VT_PLUGIN("facts", "1", NULL, NULL, NULL, &component);
X
$CC -shared -fPIC -I"$api" facts.c -o vt-facts.so || exit 99
trial vt-facts.so
is "a part that depends on files outside of the workspace: no fault" "$rc $(printf '%s\n' "$out" | grep WRONG)" "0 "

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

# tracers: a process does some of everything under their filter
tracer=$abs_top_srcdir/tests/plugins/trace-mini.c
$CC -D_GNU_SOURCE -shared -fPIC -I"$api" "$tracer" -o vt-trace-mini.so -lpthread 2>errors || sed 's/^/# /' errors
trial vt-trace-mini.so
if [[ $out == *"gives no listener"* ]]; then
	skip "mistakes of a tracer" "no listener of system calls is to be had here"
else
	is "a small tracer: no fault" "$rc $(printf '%s\n' "$out" | grep WRONG)" "0 "
	for mistake in "MISTAKE_REAL:a file that was read by way of a link is not told by the name that was used" \
		"MISTAKE_BEFORE:before the first record of a file that was made VT_SEEN_BEFORE does not say" \
		"MISTAKE_FAILED:a renaming that failed is told as one" "MISTAKE_PROBE:a file that was looked for in vain is not told"; do
		$CC -D_GNU_SOURCE -D"${mistake%%:*}" -shared -fPIC -I"$api" "$tracer" -o vt-trace-mini.so -lpthread
		trial vt-trace-mini.so
		has "a tracer with ${mistake%%:*}: a trial fails" "$out" "WRONG  trace-mini: what a process does is told, by the names that it used: ${mistake#*:}"
	done
fi

wait $slow
is "the time of all trials is over: it is a fault" "$? $(grep -c ' trials were left out, for all had 15 s together; VT_PLUGIN_PATIENCE=2 gives them twice as long' slow.out)" "1 1"
wait $stuck
is "VT_PLUGIN_PATIENCE gives more than 20 s, too" "$? $(grep WRONG stuck.out)" \
	"1 WRONG  slow-0: it comes to life and goes, and leaves the program as it was: it did not answer within 21 s"
finish
