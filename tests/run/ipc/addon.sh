# The Node addon by itself: a small server with nothing but the channel, real Node.
. "${0%/*}/../../lib/functions.sh" || exit
requires node
A=$abs_top_builddir/plugin-api/client/vt-node.node
S=$abs_top_srcdir/tests/run/ipc
[ -f "$A" ] || skip_all "built without the addon"
[ -x "$abs_top_builddir/tests/run/ipc/serve" ] || skip_all "serve is not built"
cd "$T" || exit 99
serve() { base_env timeout -k 5 300 "$abs_top_builddir/tests/run/ipc/serve" -a "$A" -r "$T/report" "$@"; }
report() { grep -v '^MS ' "$T/report"; }
run() { capture serve node "$@"; }

# --- the file
is "it exports exactly one symbol" "$(nm -D --defined-only "$A" | awk '{ print $3 }')" napi_register_module_v1
is "it needs libc alone" "$(readelf -d "$A" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | grep -v '^libc\.')" ""
is "it carries no search path" "$(readelf -d "$A" | grep -cE 'RPATH|RUNPATH')" 0
hasnt "no JavaScript name is exported by vt" "$(nm -D --defined-only "$VT" 2>/dev/null)" RunnerClient

# --- outside a task
out=$(cd "$T" && base_env node -e 'const m = require(process.argv[1]); console.log(Object.keys(m), typeof m.load)
try { m.load() } catch (e) { console.log(e.code + ": " + e.message) }' "$A")
is "loading the file does nothing; load() says why not" "$out" "[ 'load' ] function
GenericFailure: vt run client: runner IPC env is not set; this module is only usable inside a \`vt run\` task"
out=$(base_env VP_RUN_IPC_NAME="$T/s00000001-000102030405060708090a0b0c0d0e0f" node -e 'try { require(process.argv[1]).load() } catch (e) { console.log(e.code + ": " + e.message) }' "$A")
is "so it does when nobody is there" "$out" "GenericFailure: vt run client: failed to connect to runner IPC: No such file or directory"

# --- the object
capture serve node -e 'const c = require(process.env.VP_RUN_NODE_CLIENT_PATH).load()
console.log(Object.getOwnPropertyNames(Object.getPrototypeOf(c)).join(" ") + "|" + Object.keys(c).length + "|" + Object.isExtensible(c))'
is "methods in order, no own keys, extensible" "$out" "disableCache getEnv getEnvs ignoreInput ignoreOutput constructor|0|true"
capture with A=1 V_A=a V_B= __proto__=p BYTES=$'\377' serve node "$S/arguments.cjs"
is "every odd argument has its answer" "$out" "$(cat "$S/arguments.txt")"
is "what threw was not sent" "$(report)" "INPUT /dir
ENV A
ENV 
ENV A=1
ENV $(printf '\357\277\275')
GLOB V_*
PREFIX V_
PREFIX V*
PREFIX __proto
ENV BYTES
GLOB BYTES
OPTED-OUT
EXIT 0"
capture with BYTES=$'\377' serve node -e 'const c = require(process.env.VP_RUN_NODE_CLIENT_PATH).load()
for (const f of [() => c.getEnv("BYTES"), () => c.getEnvs("BYTES"), () => c.getEnvs("{un")]) try { f() } catch (e) { console.log(e.message) }'
is "the messages name what is wrong" "$out" 'env value for BYTES is not valid UTF-8
env value for BYTES is not valid UTF-8
invalid glob pattern: "{un"'
has "a bad glob makes the run incomplete" "$(report)" 'BROKEN invalid glob pattern from the task: "{un"'

# --- threads and processes
cat >worker.cjs <<'JS'
const { parentPort } = require('worker_threads');
const c = require(process.env.VP_RUN_NODE_CLIENT_PATH).load();
let n = 0;
for (let i = 0; i < 50; i++) n += c.getEnv('A') === '1' ? 1 : 0;
parentPort.postMessage(n);
JS
cat >workers.cjs <<'JS'
const { Worker } = require('worker_threads');
const one = () => new Promise((y, n) => { const w = new Worker('./worker.cjs'); let r; w.on('message', (m) => { r = m; }); w.on('error', n); w.on('exit', () => y(r)); });
(async () => {
	if (process.argv[2]) require(process.env.VP_RUN_NODE_CLIENT_PATH).load().getEnv('MAIN');
	console.log((await Promise.all([one(), one(), one(), one()])).join(), await one(), await one());
})();
JS
capture with A=1 serve node workers.cjs
is "workers alone, at once and one after the other" "$out $rc" "50,50,50,50 50 50 0"
is "... and all they asked is noted" "$(report)" $'ENV A\nEXIT 0'
capture with A=1 serve node workers.cjs main
is "workers beside the main thread" "$out $rc" "50,50,50,50 50 50 0"
is "... noted too" "$(report | sort)" $'ENV A\nENV MAIN\nEXIT 0'
capture with A=1 serve node -e 'console.log(require("child_process").execFileSync(process.execPath, ["-e", "console.log(require(process.env.VP_RUN_NODE_CLIENT_PATH).load().getEnv(\"A\"))"], { encoding: "utf8" }).trim())'
is "a process below asks by itself" "$out $(report)" $'1 ENV A\nEXIT 0'
capture serve node -e 'const m = require(process.env.VP_RUN_NODE_CLIENT_PATH)
for (let i = 0; i < 200; i++) m.load().getEnv("A"); if (global.gc) gc(); console.log("end")'
is "clients may be many and forgotten" "$out $rc" "end 0"
capture with A=1 serve node -e 'const c = require(process.env.VP_RUN_NODE_CLIENT_PATH).load(); let n = 0
for (let i = 0; i < 10000; i++) n += c.getEnv("A").length; console.log(n)'
is "ten thousand calls" "$out $(report)" $'10000 ENV A\nEXIT 0'

# --- an end in a hurry
capture serve node -e 'require(process.env.VP_RUN_NODE_CLIENT_PATH).load().disableCache(); process.exit(0)'
is "what was said just before exit is heard" "$(report)" $'OPTED-OUT\nEXIT 0'
capture serve node -e 'require(process.env.VP_RUN_NODE_CLIENT_PATH).load().disableCache(); process.kill(process.pid, "SIGKILL")'
is "... and before SIGKILL" "$(report)" $'OPTED-OUT\nEXIT 137'
capture serve node -e 'const c = require(process.env.VP_RUN_NODE_CLIENT_PATH).load()
require("child_process").spawn(process.execPath, ["-e", "require(process.env.VP_RUN_NODE_CLIENT_PATH).load().getEnv(\"A\"); setTimeout(() => {}, 6000)"], { detached: true, stdio: "ignore" }).unref()
setTimeout(() => {}, 800)'
is "who stays connected is not waited for longer than two seconds" "$(report | grep BROKEN) $(($(sed -n 's/^MS //p' report) < 3500))" "BROKEN a background process was still connected when the task ended 1"
out=$(base_env timeout 300 "$abs_top_builddir/tests/run/ipc/serve" -a "$A" -r "$T/report" node -e 'const c = require(process.env.VP_RUN_NODE_CLIENT_PATH).load()
process.kill(process.ppid, "SIGKILL")
setTimeout(() => { for (const f of [() => c.getEnv("A"), () => c.getEnvs("A"), () => c.disableCache()])
	try { f(); console.log("returned") } catch (e) { console.log(e.code) } }, 300)' 2>/dev/null; sleep 1)
is "a runner that died is an error, never an unset variable" "$out" "GenericFailure
GenericFailure
GenericFailure"

# --- the file is guaranteed
cp "$A" "$T/other.node" && chmod 0666 "$T/other.node"
one() { base_env timeout 300 "$abs_top_builddir/tests/run/ipc/serve" -a "$T/other.node" -r "$T/report" node -e 'console.log(process.env.VP_RUN_NODE_CLIENT_PATH + " " + typeof require(process.env.VP_RUN_NODE_CLIENT_PATH).load().getEnv)'; }
capture one
like "a file that others may write to is copied" "$out" "$T/run/vt/vt-node-????????????????????????????????.node function"
copy=${out% *}
echo junk >"$copy"
capture one
is "a copy turned to junk is healed" "$out" "$copy function"
rm -f "$copy"
for i in $(seq 20); do one >"$T/many.$i" 2>&1 & done
wait
is "many runners at once agree" "$(cat "$T"/many.* | sort -u)" "$copy function"
finish
