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
is "the addon exports one symbol" "$(nm -D --defined-only "$A" | awk '{ print $3 }')" napi_register_module_v1
is "the addon needs libc alone" "$(readelf -d "$A" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | grep -v '^libc\.')" ""
is "the addon has no search path" "$(readelf -d "$A" | grep -cE 'RPATH|RUNPATH')" 0
hasnt "vt exports no JavaScript name" "$(nm -D --defined-only "$VT" 2>/dev/null)" RunnerClient

# --- outside a task
out=$(cd "$T" && base_env node -e 'const m = require(process.argv[1]); console.log(Object.keys(m), typeof m.load)
try { m.load() } catch (e) { console.log(e.code + ": " + e.message) }' "$A")
is "outside a task: loading the file does nothing, and load() says why it fails" "$out" "[ 'load' ] function
GenericFailure: vt run client: runner IPC env is not set; this module is only usable inside a \`vt run\` task"
out=$(base_env VP_RUN_IPC_NAME="$T/s00000001-000102030405060708090a0b0c0d0e0f" node -e 'try { require(process.argv[1]).load() } catch (e) { console.log(e.code + ": " + e.message) }' "$A")
is "without a server: load() says why it fails" "$out" "GenericFailure: vt run client: failed to connect to runner IPC: No such file or directory"

# --- the object
capture serve node -e 'const c = require(process.env.VP_RUN_NODE_CLIENT_PATH).load()
console.log(Object.getOwnPropertyNames(Object.getPrototypeOf(c)).join(" ") + "|" + Object.keys(c).length + "|" + Object.isExtensible(c))'
is "the object: methods in order, no keys of its own, extensible" "$out" "disableCache getEnv getEnvs ignoreInput ignoreOutput constructor|0|true"
capture with A=1 V_A=a V_B= __proto__=p BYTES=$'\377' serve node "$S/arguments.cjs"
is "odd arguments: each has its answer" "$out" "$(cat "$S/arguments.txt")"
is "odd arguments: what threw an error was not sent" "$(report)" "INPUT /dir
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
is "error messages name what is wrong" "$out" 'env value for BYTES is not valid UTF-8
env value for BYTES is not valid UTF-8
invalid glob pattern: "{un"'
has "a bad glob: the run's report is incomplete" "$(report)" 'BROKEN invalid glob pattern from the task: "{un"'

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
is "workers without the main thread, together and one by one: all are answered" "$out $rc" "50,50,50,50 50 50 0"
is "... and all that they asked is noted" "$(report)" $'ENV A\nEXIT 0'
capture with A=1 serve node workers.cjs main
is "workers beside the main thread: all are answered" "$out $rc" "50,50,50,50 50 50 0"
is "... and all that they asked is noted" "$(report | sort)" $'ENV A\nENV MAIN\nEXIT 0'
capture with A=1 serve node -e 'console.log(require("child_process").execFileSync(process.execPath, ["-e", "console.log(require(process.env.VP_RUN_NODE_CLIENT_PATH).load().getEnv(\"A\"))"], { encoding: "utf8" }).trim())'
is "a child process asks with a client of its own" "$out $(report)" $'1 ENV A\nEXIT 0'
capture serve node -e 'const m = require(process.env.VP_RUN_NODE_CLIENT_PATH)
for (let i = 0; i < 200; i++) m.load().getEnv("A"); if (global.gc) gc(); console.log("end")'
is "200 clients that are never closed: the program ends well" "$out $rc" "end 0"
capture with A=1 serve node -e 'const c = require(process.env.VP_RUN_NODE_CLIENT_PATH).load(); let n = 0
for (let i = 0; i < 10000; i++) n += c.getEnv("A").length; console.log(n)'
is "ten thousand calls: each is answered" "$out $(report)" $'10000 ENV A\nEXIT 0'

# --- a client that ends at once
capture serve node -e 'require(process.env.VP_RUN_NODE_CLIENT_PATH).load().disableCache(); process.exit(0)'
is "a word just before exit: is heard" "$(report)" $'OPTED-OUT\nEXIT 0'
capture serve node -e 'require(process.env.VP_RUN_NODE_CLIENT_PATH).load().disableCache(); process.kill(process.pid, "SIGKILL")'
is "a word just before SIGKILL: is heard" "$(report)" $'OPTED-OUT\nEXIT 137'
capture serve node -e 'const c = require(process.env.VP_RUN_NODE_CLIENT_PATH).load()
require("child_process").spawn(process.execPath, ["-e", "require(process.env.VP_RUN_NODE_CLIENT_PATH).load().getEnv(\"A\"); fs.writeFileSync(\"asked\", \"\"); setTimeout(() => {}, 6000)"], { detached: true, stdio: "ignore" }).unref()
const t = setInterval(() => { if (fs.existsSync("asked")) clearInterval(t) }, 20)'
is "a client that stays connected: the end waits two seconds for it at most" "$(report | grep BROKEN) $(($(sed -n 's/^MS //p' report) < 3500))" "BROKEN a background process was still connected when the task ended 1"
out=$(base_env timeout 300 "$abs_top_builddir/tests/run/ipc/serve" -a "$A" -r "$T/report" node -e 'const c = require(process.env.VP_RUN_NODE_CLIENT_PATH).load()
const runner = process.ppid
process.kill(runner, "SIGKILL")
const t = setInterval(() => { if (process.ppid === runner) return
	clearInterval(t)
	for (const f of [() => c.getEnv("A"), () => c.getEnvs("A"), () => c.disableCache()])
	try { f(); console.log("returned") } catch (e) { console.log(e.code) } }, 20)' 2>/dev/null)
is "a runner that died: each call is an error, and no variable is taken for unset" "$out" "GenericFailure
GenericFailure
GenericFailure"

# --- the file is guaranteed
cp "$A" "$T/other.node" && chmod 0666 "$T/other.node"
one() { base_env timeout 300 "$abs_top_builddir/tests/run/ipc/serve" -a "$T/other.node" -r "$T/report" node -e 'console.log(process.env.VP_RUN_NODE_CLIENT_PATH + " " + typeof require(process.env.VP_RUN_NODE_CLIENT_PATH).load().getEnv)'; }
capture one
like "an addon that others may write to: is copied" "$out" "$T/run/vt/vt-node-????????????????????????????????.node function"
copy=${out% *}
echo junk >"$copy"
capture one
is "a copy that was overwritten: is copied again" "$out" "$copy function"
rm -f "$copy"
for i in $(seq 20); do one >"$T/many.$i" 2>&1 & done
wait
is "twenty runners at once: all use the same copy" "$(cat "$T"/many.* | sort -u)" "$copy function"
finish
