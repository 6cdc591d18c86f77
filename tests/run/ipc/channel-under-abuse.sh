# The channel under stress and abuse: nothing hangs, nothing is lost, no exit code changes.
. "${0%/*}/asking-tools.sh" || exit
BY=sh
project() {
	workspace
	tools
	file package.json '{"name":"w","private":true}'
	file vite-task.json "{\"tasks\":{$1}}"
}
cached() { echo "\"$1\":{\"command\":\"$2\",\"cache\":true,\"input\":[]${3:+,$3}}"; }
have_node() { command -v node >/dev/null && [ -f "$abs_top_builddir/plugin-api/client/vt-node.node" ]; }
endpoints() { ls "$T/run/vt" 2>/dev/null | grep -c '^s' || true; }

# (a) a tool that ends right after its request
project "$(cached a 'sh a.sh')"
echo 'vt client disable-cache; kill -9 $$' >a.sh
if have_node; then
	echo 'const c = require(process.env.VP_RUN_NODE_CLIENT_PATH).load(); c.disableCache(); process.exit(0);' >a.cjs
	file vite-task.json "{\"tasks\":{$(cached a 'node a.cjs')}}"
	n=0
	for i in $(seq 20); do capture vt run a; case "$(status) $rc" in "cold 0" | "miss(the last run was not kept: the task opted out of caching) 0") n=$((n + 1)) ;; esac; done
	is "(a) twenty tools that exit right after disableCache: no run is stored" "$n" 20
else
	skip "(a) twenty tools that exit at once" "no Node"
fi

# (c) a child of the tool reports for the task
project "$(cached c 'sh outer.sh')"
echo 'sh -c "sh fetch_env.sh A" | cat' >outer.sh
step "(c) a process below the tool" cold A=1 vt run c
step "(c) ... asks for the task" "miss(env 'A' changed)" A=2 vt run c

# (d) a detached client
if have_node; then
	project "$(cached d 'node d.cjs')"
	cat >d.cjs <<'JS'
const left = require('child_process').spawn(process.execPath, ['-e', 'require(process.env.VP_RUN_NODE_CLIENT_PATH).load().getEnv("A"); fs.writeFileSync("asked", ""); setTimeout(() => {}, 300000)'], { detached: true, stdio: 'ignore' });
require('fs').writeFileSync('left', String(left.pid)); left.unref();
const t = setInterval(() => { if (require('fs').existsSync('asked')) clearInterval(t); }, 20);
JS
	began=$SECONDS
	step "(d) a client left behind" cold vt run d
	is "(d) ... the end of the task waits two seconds for it" $((SECONDS - began < 150)) 1
	kill "$(cat left)"
	has "(d) ... the run is not kept" "$(details)" '→ Not cached: task communication failed (a background process was still connected when the task ended)'
else
	skip "(d) a detached client" "no Node"
fi

# (h) the runner is killed
project "$(cached h 'sh h.sh')"
echo 'echo $VP_RUN_IPC_NAME >name; vt client get-env A; : >asked; sleep 300; echo survived >late' >h.sh
base_env "$VT" run h >/dev/null 2>&1 &
until_true [ -e asked ]
name=$(cat name) && name=${name##*/s}
kill -9 $((16#${name:0:8}))
wait $! 2>/dev/null
there "(h) a killed runner leaves its endpoint" "$(cat name)"
project "$(cached i 'sh i.sh')"
printf 'vt client get-envs --prefix BIG_ | wc -c\nls "$(dirname "$VP_RUN_IPC_NAME")" | grep -c ^s\n' >i.sh
big=$(head -c 120000 /dev/zero | tr '\0' v)
step "(i) ten values of 120 kB" cold BIG_0=$big BIG_1=$big BIG_2=$big BIG_3=$big BIG_4=$big BIG_5=$big BIG_6=$big BIG_7=$big BIG_8=$big BIG_9=$big vt run i
is "(i) ... all arrive whole; (h) the next runner has removed the endpoint" "$(printed)" $'1200070\n1'

# (j) nonsense
project "$(cached j 'python3 j.py')"
cat >j.py <<'PY'
import os, socket, sys
name = os.environ['VP_RUN_IPC_NAME']
token = bytes.fromhex(name[-32:])
hello = bytes.fromhex('1c000000010000005654493101000100') + token
what = open('what').read().split()
s = socket.socket(socket.AF_UNIX); s.connect(name)
if what[0] != 'raw': s.sendall(hello); s.recv(16)
s.sendall(bytes.fromhex(''.join(what[1:]))); s.close()
sys.exit(7 if os.path.exists('fail') else 0)
PY
nonsense() {                   # nonsense STORY HEX MESSAGE
	echo "$2" >what
	rm -rf .vt
	step "(j) $1" cold vt run j
	has "(j) $1: the run is not kept, and why" "$(details)" "→ Not cached: task communication failed ($3)"
}
if command -v python3 >/dev/null; then
	nonsense "half a frame" "hello 10000000 05010000 08000000 4e4f" "failed to read message from the task"
	nonsense "an oversized length" "hello ffffff7f 05010000" "invalid message from the task"
	nonsense "an unknown tag" "hello 04000000 55000000" "invalid message from the task"
	nonsense "a relative path" "hello 0c000000 02000000 04000000 64697374" 'non-absolute path from the task: "dist"'
	nonsense "no hello" "raw 04000000 04000000" "invalid message from the task"
	touch fail
	capture vt run j
	is "(j) the exit code is the task's" "$rc" 7
else
	skip "(j) nonsense on the socket" "no python3"
fi

# (l) an uncached task gets no channel
project "$(cached l 'sh l.sh'),\"off\":{\"command\":\"sh l.sh\",\"cache\":false}"
echo 'echo "${VP_RUN_IPC_NAME-none} ${VP_RUN_NODE_CLIENT_PATH-none}"' >l.sh
capture vt run --no-cache l
has "(l) --no-cache: a task gets no channel" "$out" "none none"
capture vt run off
has "(l) cache false: a task gets no channel" "$out" "none none"
capture with VP_RUN_IPC_NAME=/inherited vt run off
has "(l) cache false: an inherited channel is passed on" "$out" "/inherited none"

# (m) asking while the pipe is full
project "$(cached m 'sh m.sh')"
echo 'head -c 1000000 /dev/zero | tr "\0" x & for i in 1 2 3 4 5; do vt client get-env A; done; wait' >m.sh
capture with A=answer vt run m
is "(m) a megabyte of output beside questions: all of both arrives" "$rc $(printf '%s' "$out" | tr -cd x | wc -c)" "0 1000000"

# (n) many at once
workspace many
pnpm $(seq -f p%g 64)
mkdir -p node_modules/.bin && ln -s "$VT" node_modules/.bin/vt
for i in $(seq 64); do file packages/p$i/vite-task.json '{"tasks":{"t":{"command":"vt client get-env A","cache":true,"input":[]}}}'; done
capture with A=1 vt run -r --concurrency-limit 64 t
is "(n) 64 tasks in parallel: all are answered" "$rc $(printf '%s\n' "$out" | grep -cE '(^|: |\] )1$')" "0 64"
capture with A=1 vt run -r --concurrency-limit 64 t
is "(n) ... the second run: all hit" "$(printf '%s\n' "$out" | grep -c '◉ cache hit')" 64
capture with A=2 vt run -r --concurrency-limit 64 t
is "(n) ... another value: all miss" "$(printf '%s\n' "$out" | grep -c "env 'A' changed")" 64
is "after all of that: no endpoint is left" "$(endpoints)" 0
finish
