# vt plugins list, info: which plugins are there, from where, in which state.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
requires ${CC%% *}
workspace
# make FOLDER NAME [SWITCHES]: a store
make() {
	mkdir -p "$1"
	rogue_plugin "$1/vt-$2.so" "${@:2}"
}
row() { printf '%s\n' "$out" | grep "^$1 "; }

capture vt plugins list
is "outside of a workspace the list is printed" "$rc$err" 0
is "the list has a heading" "$(printf '%s\n' "$out" | head -1 | sed 's/  */ /g')" "NAME VERSION PROVIDES FROM STATE"
is "the stub's row says that it is one" "$(row auto-output | sed 's/  */ /g')" \
	"auto-output $(vt --version | sed 's/vt //') part: auto-output system disabled automatic output tracking is not available in this version"
is "name, version and components are aligned" "$(row auto-output | grep -c 'part: auto-output  *system   disabled automatic')" 1

# the default set, to the letter, without words that depend on the machine or the build
default_set() {
	local v=$1
	cat <<X
NAME                 VERSION  PROVIDES             FROM     STATE
auto-input           $v    part: auto-input     system   ready
auto-output          $v    part: auto-output    system   disabled automatic output tracking is not available in this version
env-tracking         $v    part: env-tracking   system   ready
fingerprint-content  $v    fingerprint          system   ready    in use
fingerprint-git      $v    fingerprint          system   ready
output-restore       $v    part: output-restore system   ready
store-folder         $v    store                system   ready
store-http           $v    store                system   ready
store-local          $v    store                system   ready    in use
store-redis          $v    store                system   ready
X
}
version=$(vt --version | sed 's/vt //')
git=; [ -e "$abs_top_builddir/plugins-1/vt-fingerprint-git.so" ] || git=fingerprint-git
http=; [ -e "$abs_top_builddir/plugins-1/vt-store-http.so" ] || http=store-http
redis=; [ -e "$abs_top_builddir/plugins-1/vt-store-redis.so" ] || redis=store-redis
want() { default_set "$version" | grep -vE "^(${git:-none}|${http:-none}|${redis:-none}) "; }
if [ ${#version} = 5 ] && [ -z "$git" ]; then
	is "the default set in the build tree" "$(printf '%s\n' "$out" | grep -v '^trace-linux ')" "$(want)"
	like "the row of the tracer" "$(row trace-linux)" "trace-linux          $version    tracer               system   ready *"
	stage=$T/stage
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -s -C "$abs_top_builddir" install DESTDIR="$stage" >/dev/null 2>&1
	VT=$(find "$stage" -path '*/bin/vt') capture vt plugins list
	is "the default set in a staged install" "$rc $(printf '%s\n' "$out" | grep -v '^trace-linux ')" "0 $(want)"
	rm -rf "$stage"
else
	skip "the default set" "libgit2 is left out"
fi
is "a pipe gets no colour" "$(printf '%s' "$out" | grep -c "$(printf '\033')")" 0

file package.json '{"name":"root"}'
user=$T/home/.local/share/vt/plugins-1
make "$user" good
make "$T/dev" good
make "$T/dev" crash -DROGUE_CONSTRUCTOR
make "$W/node_modules/evil" evil -DROGUE_CONSTRUCTOR
with VT_PLUGIN_PATH="$T/dev:$W/node_modules/evil:node_modules/evil::." capture vt plugins list
is "a file below the workspace: skipped" "$(row "$W/node_modules/evil/vt-evil.so" | sed 's/  */ /g' | sed 's/^[^ ]* //')" "- - env skipped inside the workspace"
is "a file in the user's folder: ready" "$(row good | head -1 | sed 's/  */ /g')" "good 1.0 store user ready"
is "a second file of that name: shadowed, and the row says by which" "$(row good | tail -1 | sed 's/  */ /g')" "good - - env shadowed by $user/vt-good.so"
is "a file that crashes: has a row" "$(row crash | sed 's/  */ /g')" "crash - - env broken killed by SIGABRT"
is "... and the list succeeds" "$rc$err" 0

with VT_PLUGIN_PATH="$T/dev" capture vt plugins list --json
if command -v python3 >/dev/null; then
	got=$(printf '%s' "$out" | python3 -c '
import json, sys
d = json.load(sys.stdin)
p = {(x["name"], x["origin"]): x for x in d["plugins"]}
print(d["abi"], sorted(d), [x["origin"] for x in d["paths"]])
print(sorted(p["good", "user"]))
print(p["good", "user"]["state"], p["good", "user"]["reason"], p["good", "env"]["reason"]["code"], p["crash", "env"]["reason"])
print(p["good", "user"]["abi"]["built"], p["good", "user"]["abi"]["needs"], p["good", "user"]["abi"]["struct_size"] > 40)
c = p["good", "user"]["components"][0]
print(sorted(c), c["kind"], c["has"], c["threads"])')
	is "the JSON answer has the promised names" "$got" "{'major': 1, 'minor': 1} ['abi', 'paths', 'plugins'] ['system', 'user', 'env']
['abi', 'components', 'file', 'homepage', 'license', 'name', 'origin', 'reason', 'state', 'version']
ready None shadowed {'code': 'crash', 'text': 'killed by SIGABRT'}
1.1 0 True
['has', 'kind', 'name', 'options', 'summary', 'threads'] store ['get', 'put'] one"
else
	skip "the JSON answer has the promised names" "python3 is not installed"
fi

capture vt plugins info good
has "info: names the file" "$out" "file:      $user/vt-good.so"
has "info: names the calls" "$out" "calls: get, put"
capture vt plugins info nosuch
is "info: an unknown plugin is an error" "$rc $err" "1 error: There is no plugin 'nosuch'; \`vt plugins list\` shows what was found and where"

file vite-task.json '{"plugins": {"stores": [{"use": "store-nowhere"}]}}'
capture vt plugins list
is "a plugin that the configuration asks for and that is not ready: an error" "$rc $err" "1 error: Plugin 'store-nowhere' cannot be used
* no vt-store-nowhere.so was found"
file vite-task.json '{"plugins": {"parts": {"auto-output": true}}}'
capture vt plugins list
is "a stub that is switched on: an error" "$rc $err" "1 error: Plugin 'auto-output' cannot be used
* automatic output tracking is not available in this version"
capture vt plugins lsit
is "an unknown word: an error" "$rc ${err%%$'\n'*}" "2 error: unrecognized subcommand 'lsit'"

# of two plugins with a component of one name the one that is taken is in use
cat >"$T/other.c" <<X
#include <vt-plugin.h>
static vt_status get(void *self, vt_call *call, uint32_t space, const vt_id *name, vt_sink *into) { (void)self, (void)call, (void)space, (void)name, (void)into; return VT_NONE; }
static vt_status put(void *self, vt_call *call, uint32_t space, const vt_id *name, vt_source *from) { (void)self, (void)call, (void)space, (void)name, (void)from; return VT_NONE; }
static const vt_store_ops ops = { .struct_size = sizeof ops, .get = get, .put = put };
static const vt_component component = { .struct_size = sizeof component, .kind = VT_KIND_STORE, .name = "store-local", .summary = "another", .threads = VT_THREADS_MANY, .ops = &ops };
VT_PLUGIN("a-second-one", "1.0", NULL, NULL, NULL, &component);
X
mkdir -p "$T/second"
$CC -shared -fPIC -I"$abs_top_srcdir/plugin-api" "$T/other.c" -o "$T/second/vt-a-second-one.so"
with VT_PLUGIN_PATH="$T/second" capture vt plugins list
is "two plugins with a component of one name: the unnamed one is not in use" "$(row a-second-one | sed 's/  */ /g')" "a-second-one 1.0 store: store-local env ready"
has "... the one whose name is configured is in use" "$(row store-local)" "in use"
finish
