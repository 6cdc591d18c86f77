# The plugin on the README's front page, completed as it says, works.
. "${0%/*}/../../lib/functions.sh" || exit
requires ${CC%% *}
mkdir -p "$T/home/.local/share/vt/plugins-1"
awk '/^```c$/ { on = 1; next } /^```$/ { on = 0 } on' "$abs_top_srcdir/README.md" >"$T/kernel.c"
has "there is one" "$(cat "$T/kernel.c")" "#include <vt-plugin.h>"
cat >"$T/more.c" <<'X'
static vt_status create(const vt_host *host, vt_call *call, void **ret_self)
{
	(void)host, (void)call;
	*ret_self = 0;
	return VT_OK;
}
static void destroy(void *self)
{
	(void)self;
}
static const vt_component component = {
	.struct_size = sizeof component, .kind = VT_KIND_PART, .name = "kernel", .summary = "the kernel",
	.threads = VT_THREADS_MANY, .format = 1, .create = create, .destroy = destroy, .ops = &ops,
};
static const vt_component *const components[] = { &component, 0 };
static const vt_plugin plugin = {
	.struct_size = sizeof plugin, .abi_major = VT_ABI_MAJOR, .abi_minor = VT_ABI_MINOR,
	.name = "kernel", .version = "1", .components = components,
};
VT_EXPORT const vt_plugin *vt_plugin_entry(uint32_t host_major)
{
	return host_major == VT_ABI_MAJOR ? &plugin : 0;
}
X
is "what it leaves to the reader is no more than it says" "$([ "$(wc -l <"$T/more.c")" -le 40 ] && echo yes)" yes
cat "$T/more.c" >>"$T/kernel.c"
$CC -Wall -Wextra -Wno-unused-parameter -Werror -shared -fPIC -I"$abs_top_srcdir/plugin-api" "$T/kernel.c" -o "$T/home/.local/share/vt/plugins-1/vt-kernel.so" 2>"$T/errors"
ok "it compiles" $? || sed 's/^/# /' "$T/errors"
workspace
file package.json '{"name":"root"}'
file in.txt one
file vite-task.json '{"plugins": {"parts": {"kernel": true}}, "tasks": {"t": {"command": "cat in.txt", "input": ["in.txt"]}}}'
capture vt plugins list
is "it is listed" "$rc $(printf '%s\n' "$out" | grep '^kernel ' | sed 's/  */ /g')" "0 kernel 1 part: kernel user ready"
vt run t >/dev/null 2>&1
capture vt run t
has "and what it names is in the key: the second run is a hit" "$out" "cache hit"
sed -i 's/BYTES("6.1")/BYTES("6.2")/' "$T/kernel.c"
$CC -w -shared -fPIC -I"$abs_top_srcdir/plugin-api" "$T/kernel.c" -o "$T/home/.local/share/vt/plugins-1/vt-kernel.so"
capture vt run t
hasnt "another kernel is a miss" "$out" "cache hit"
finish
