# Programs with a sanitizer start and end as without vt, with the shim loaded into them: in a
# tree with links, and in one as npm unpacks it, which has none.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/run/trace/lib.sh"
workspace
# the plugin with its shim, as core/package/npm.sh packs it
mkdir -p "$T/npm" && cp "$TRACER" "$T/npm/" && cp -RL "$(dirname "$TRACER")/../shim.d" "$T/npm/" && rm -f "$T/npm/shim.d/own" "$T/npm/shim.d/plain"
TREES=("$TRACER" "$T/npm/${TRACER##*/}")
is "npm's tree has no link" "$(find "$T/npm" -type l)" ""

# 60 looks: enough for the gate to be opened. With an argument the memory is lost.
file p.c '#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	char *volatile p = malloc(8), name[16];
	int i;

	(void)argv;
	for (i = 0; i < 60; i++) {
		snprintf(name, sizeof name, "none%d", i);
		if (!access(name, F_OK)) return 3;
	}
	if (open("in", O_RDONLY) < 0) return 2;
	if (argc > 1) p = 0; else free(p);
	return 0;
}'
# a program that a fuzzer calls
file f.c '#include <fcntl.h>
#include <stddef.h>
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size) { (void)data; (void)size; return open("in", O_RDONLY) < 0 ? -1 : 0; }'
echo x >in
# alike STORY COMMAND...: it ends as untraced, in each tree, and is seen whole
alike() {
	local story=$1 untraced tree TRACER
	shift
	base_env timeout 60 "$@" >/dev/null 2>&1 </dev/null; untraced=$?
	for tree in 0 1; do
		TRACER=${TREES[tree]}; traced "$@"
		is "$story, tree $tree: ends as without vt" "$rc" "$untraced"
		is "$story, tree $tree: is seen whole" "$end $(ops in)" "complete READ"
	done
}
runtime=$(dirname "$(clang -print-file-name=libclang_rt.asan-x86_64.so 2>/dev/null)")
n=0
for how in "gcc -fsanitize=address" "gcc -fsanitize=address -static-libasan" "gcc -fsanitize=thread" "gcc -fsanitize=thread -static-libtsan" \
	"gcc -fsanitize=leak" "gcc -fsanitize=undefined" "gcc -fsanitize=address,undefined" \
	"gcc -m32" "gcc -m32 -fsanitize=address" "gcc -m32 -fsanitize=address -static-libasan" "gcc -m32 -fsanitize=undefined" \
	"clang -fsanitize=address" "clang -fsanitize=address -shared-libasan" "clang -fsanitize=thread" "clang -fsanitize=memory" \
	"clang -fsanitize=leak" "clang -fsanitize=undefined" "clang -fsanitize=undefined -shared-libsan" "clang -fsanitize=dataflow" \
	"clang -fsanitize=hwaddress -fsanitize-hwaddress-experimental-aliasing" "clang -fsanitize=safe-stack" "clang -fsanitize=scudo" \
	"clang -fsanitize=scudo -shared-libsan" "clang -fmemory-profile"; do
	n=$((n + 1))
	if $how -g p.c -Wl,-rpath,"$runtime" -o sane$n 2>/dev/null && ASAN_OPTIONS=detect_leaks=0 ./sane$n 2>/dev/null; then
		alike "$how" ./sane$n
		case $how in *=address* | *=leak*) alike "$how, a leak" ./sane$n leak ;; esac
	else skip "$how" "it cannot be used here"; fi
done
if clang -g -fsanitize=fuzzer,address f.c -o fuzz 2>/dev/null; then alike "a fuzzer" ./fuzz -runs=100 -seed=1
else skip "a fuzzer" "it cannot be used here"; fi

# a sanitizer for a library that a program without one loads: the user has it loaded first, and vt adds the shim
libasan=$(gcc -print-file-name=libasan.so 2>/dev/null)
if command -v node >/dev/null && [ -e "$libasan" ] && printf '%s\n' '#include <stdlib.h>' \
	'__attribute__((visibility("default"))) void *napi_register_module_v1(void *env, void *exports);' \
	'void *napi_register_module_v1(void *env, void *exports) { char *volatile p = malloc(8); (void)env; p[0] = 1; free(p); return exports; }' >addon.c &&
	gcc -g -fsanitize=address -shared -fPIC addon.c -o addon.node 2>/dev/null; then
	file addon.js 'require("./addon.node"); require("fs").readFileSync("in")'
	file addon.sh "ASAN_OPTIONS=detect_leaks=0 LD_PRELOAD=$(readlink -f "$libasan")\${LD_PRELOAD:+:\$LD_PRELOAD} exec node addon.js"
	alike "an addon of Node with it" sh addon.sh
	# the same as a task whose user has it in the environment
	file package.json '{"name":"app","private":true}'
	file vite-task.json '{"tasks":{"t":{"command":"node addon.js","env":["ASAN_OPTIONS"]}}}'
	preloaded() { with ASAN_OPTIONS=detect_leaks=0 LD_PRELOAD="$(readlink -f "$libasan")" vt run t; }
	capture preloaded; is "... as a task: succeeds" "$rc" 0
	capture preloaded; has "... and is kept" "$out" "cache hit"
else skip "an addon of Node with it" "node or the sanitizer is not here"; fi

# a sanitizer that is not the first library ends the program: where it comes with a library that is loaded later, and
# where another one is linked before it
file late.c '#include <dlfcn.h>
#include <stdio.h>
int main(void) { void *l = dlopen("./late.so", RTLD_NOW); return l ? 0 : (puts(dlerror()), 4); }'
file first.c 'int first(void); int first(void) { return 0; }'
file second.c 'int first(void); int main(void) { return first(); }'
# ends STORY COMMAND...: with an error, and the same one as without vt
ends() {
	local story=$1 untraced
	shift
	capture "$@"; untraced="$rc $err"
	like "$story: ends without vt" "$untraced" "1 *does not come first*"
	traced "$@"; is "$story: ends with vt" "$(printf '%s' "$rc $err" | sed 's/==[0-9]*==//')" "$(printf '%s' "$untraced" | sed 's/==[0-9]*==//')"
}
for how in "gcc -fsanitize=address" "clang -fsanitize=address -shared-libasan -Wl,-rpath,$runtime"; do
	if $how -shared -fPIC first.c -o late.so 2>/dev/null && gcc late.c -o late -ldl 2>/dev/null; then
		ends "$how, loaded late" ./late
		task_of() { printf '{"tasks":{"t":"%s"}}\n' "$1" >vite-task.json; rm -rf .vt; }
		task_of ./late; capture vt run t; is "... as a task: it fails, too" "$rc" 1
	else skip "$how, loaded late" "it cannot be used here"; fi
	case $how in gcc*) library=$libasan ;; *) library=$runtime/libclang_rt.asan-x86_64.so ;; esac
	if gcc -shared -fPIC first.c -o first.so 2>/dev/null && gcc second.c -o second -Wl,--no-as-needed ./first.so "$library" -Wl,-rpath,"$runtime" 2>/dev/null; then
		ends "$how, linked second" ./second
	else skip "$how, linked second" "it cannot be used here"; fi
done
finish
