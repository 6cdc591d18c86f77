# A plugin's report is shown as text, whatever its bytes are; and a store that gives more than an object may have is told so, in vt's words.
. "${0%/*}/../../lib/functions.sh" || exit
requires ${CC%% *} iconv
mkdir -p "$T/p"
cat >"$T/store.c" <<'X'
#include <string.h>
#include <vt-plugin.h>

static vt_status get(void *self, vt_call *call, uint32_t space, const vt_id *name, vt_sink *into)
{
	static const char text[] = "caf\xe9 \x9b" "31m \xc2\x9b" "1m \xff\x1b[2J is full";
	static char bytes[70000];

	(void)self, (void)space, (void)name;
	if (ENDLESS)
		return into->write(into, call, bytes, sizeof bytes);
	call->report(call, VT_REPORT_ERROR, "full", (vt_bytes){ text, sizeof text - 1 });
	return VT_FAILED;
}

static vt_status put(void *self, vt_call *call, uint32_t space, const vt_id *name, vt_source *from)
{
	(void)self, (void)call, (void)space, (void)name, (void)from;
	return VT_NONE;
}

static vt_status wants(void *self, vt_call *call, vt_wants *ret)
{
	(void)self, (void)call;
	ret->flags = VT_WANTS_FAR;
	return VT_OK;
}

static const vt_store_ops ops = { .struct_size = sizeof ops, .get = get, .put = put, .wants = wants };
static const vt_component component = { .struct_size = sizeof component, .kind = VT_KIND_STORE, .name = NAME, .threads = VT_THREADS_MANY, .ops = &ops };
VT_PLUGIN(NAME, "1", NULL, NULL, NULL, &component);
X
for kind in loud:0 endless:1; do
	$CC -D_GNU_SOURCE -DNAME="\"${kind%:*}\"" -DENDLESS=${kind#*:} -Wall -Wextra -Werror -shared -fPIC -I"$abs_top_srcdir/plugin-api" "$T/store.c" \
		-o "$T/p/vt-${kind%:*}.so" || exit 99
done
workspace
mkdir -p -m 700 "$T/home/.config/vt"
printf '{"plugins": {"sharing": {"key": "%064d"}}}\n' 7 >"$T/home/.config/vt/config.json"
file package.json '{"name":"root"}'
file in.txt one
tasks=
for i in 1 2 3 4; do tasks="$tasks${tasks:+, }\"t$i\": {\"command\": \"cp in.txt out$i\", \"input\": [\"in.txt\"], \"output\": [\"out$i\"]}"; done
run() { with VT_PLUGIN_PATH="$T/p" capture vt run t1 t2 t3 t4; }
file vite-task.json "{\"plugins\": {\"stores\": [\"store-local\", \"loud\"]}, \"tasks\": {$tasks}}"
with VT_PLUGIN_PATH="$T/p" capture vt run t1
has "a store that fails: told" "$rc $err" "0 warning: plugin 'loud': "
has "... with the text of the plugin" "$err" "is full"
ok "... as valid UTF-8" "$(iconv -f UTF-8 -t UTF-8 "$T/err" >"$T/text" 2>&1; echo $?)"
is "... without control characters of either set" "$(iconv -f UTF-8 -t UTF-32LE "$T/err" | od -An -v -tu4 -w4 | awk '$1 < 32 && $1 != 10 || $1 >= 127 && $1 < 160' | wc -l)" 0
rm -rf .vt out?
file vite-task.json "{\"plugins\": {\"stores\": [\"store-local\", \"endless\"]}, \"tasks\": {$tasks}}"
with VT_PLUGIN_PATH="$T/p" capture vt run t1
is "a store that gives too much: the task runs" "$rc $(cat out1)" "0 one"
has "... one line tells the limit" "$err" "it gives more than 65536 bytes"
hasnt "... with a reason" "$err" "without saying why"
finish
