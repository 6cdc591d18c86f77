# R1-R21: each requirement of runner-aware tools has a test of its name.
# (R1, R2 also in real-client.sh, R20 in both-clients.sh and vite.sh.)
. "${0%/*}/asking-tools.sh" || exit
BY=sh
project() {
	workspace "${2:-w}"
	tools
	file package.json '{"name":"w","private":true}'
	file vite-task.json "{\"tasks\":{$1}}"
}
cached() { echo "\"$1\":{\"command\":\"$2\",\"cache\":true,\"input\":[]${3:+,$3}}"; }

# --- R1
project "$(cached one 'sh where.sh one'),$(cached two 'sh where.sh two'),$(cached both 'true' '"dependsOn":["one","two"]')"
cat >where.sh <<'SH'
echo "$VP_RUN_IPC_NAME" >"$1.name"; echo "${VP_RUN_NODE_CLIENT_PATH-none}" >"$1.addon"
i=0; until [ -e one.name ] && [ -e two.name ] || [ $i -ge 600 ]; do sleep 0.1; i=$((i + 1)); done
if [ -S "$VP_RUN_IPC_NAME" ] || [ -d "$VP_RUN_IPC_NAME" ]; then echo there >"$1.there"; fi
SH
capture vt run both
is "R1: tasks that may be cached: each has a channel of its own at the same time" "$rc $(cat one.there two.there)" $'0 there\nthere'
isnt "R1: ... with a name of its own" "$(cat one.name)" "$(cat two.name)"
like "R1: ... with an absolute path" "$(cat one.name)" "/*"
gone "R1: ... which is removed afterwards" "$(cat one.name)"
if [ -f "$abs_top_builddir/plugin-api/client/vt-node.node" ] && command -v node >/dev/null; then
	is "R1: the addon's path is absolute and Node can load it" "$(node -p "typeof require('$(cat one.addon)').load")" function
else
	skip "R1: the addon's path is absolute and Node can load it" "no Node"
fi

# --- R2, R3
project "$(cached get 'sh fetch_env.sh A'),$(cached opt 'sh disable_cache.sh'),$(cached gets 'sh fetch_envs.sh')"
step "R2: getEnv arrives" cold A=1 vt run get
step "R3: the same value hits" hit A=1 vt run get
step "R3: another one misses" "miss(env 'A' changed)" A=2 vt run get
step "R3: none misses" "miss(env 'A' changed)" vt run get
step "R2: disableCache arrives" cold vt run opt
step "R2: ... every time, and the next run says so" "miss(the last run was not kept: the task opted out of caching)" vt run opt

# --- R4, R8
step "R2: getEnvs arrives" cold PROBE_B=b PROBE_C=c vt run gets
step "R4: unrelated names do not matter" hit PROBE_B=b PROBE_C=c OTHER=x vt run gets
step "R8: the first difference of the sorted sets is named" "miss(env 'PROBE_A' changed)" PROBE_A=a PROBE_B=B PROBE_C=C vt run gets

# --- R5, R6, R7, R18
project "$(cached declared 'true' '"env":["A","B"]'),$(cached tracked 'sh fetch_env.sh A'),$(cached bulk 'vt client get-envs --prefix A')"
for t in declared tracked bulk; do
	step "$t" cold A=1 vt run $t
	step "R5: $t, changed" "miss(env 'A' changed)" A=2 vt run $t
	has "R7: $t, a changed variable: is in the details" "$(details)" "→ Cache miss: env 'A' changed"
	step "R5: $t, removed" "miss(env 'A' changed)" vt run $t
	has "R7: $t, a removed variable: is in the details" "$(details)" "→ Cache miss: env 'A' removed"
	rm -rf .vt
	capture vt run $t
	step "R5: $t, added" "miss(env 'A' changed)" A=secret vt run $t
	has "R7: $t, an added variable: is in the details" "$(details)" "→ Cache miss: env 'A' added"
	hasnt "R18: $t: no value is in the details" "$(details)" secret
done
rm -rf .vt
capture with A=1 B=1 vt run declared
step "R6: several declared names" "miss(envs 'A', 'B' changed)" A=2 B=2 vt run declared
step "R6: ... one gone, one changed" "miss(envs 'A', 'B' changed)" B=1 vt run declared

# --- R9, R10
project "\"ignore\":{\"command\":\"sh ignoring.sh\",\"cache\":true},\"both\":{\"command\":\"sh sidecar.sh\",\"cache\":true},
	\"dist\":{\"command\":\"sh dist.sh\",\"cache\":true,\"input\":[\"dist.sh\"]},$(cached empty 'sh dist.sh' '"output":[]')"
echo 'sh ignore.sh . in.txt /nowhere; cat in.txt' >ignoring.sh
echo 1 >in.txt
echo 'vt client ignore-output sidecar; mkdir -p sidecar; cat sidecar/x; echo more >>sidecar/x' >sidecar.sh
echo 'mkdir -p dist; echo made >dist/file; echo built' >dist.sh
step "R9: ignoring is accepted" cold vt run ignore
step "R9: ... and changes nothing: the same inputs hit" hit vt run ignore
echo 2 >in.txt
step "R9: ... and another input misses" "miss('in.txt' modified)" vt run ignore
mkdir sidecar; echo 0 >sidecar/x
step "R9: a file read and written is refused, ignored or not" cold vt run both
has "R9: ... the usual words are shown" "$(details)" "→ Not cached: read and wrote 'sidecar/x'"
for t in dist empty; do
	rm -rf dist
	step "$t" cold vt run $t
	rm -rf dist
	step "R10: without output a hit ($t)" hit vt run $t
	has "R10: ... the output is replayed" "$out" built
	gone "R10: ... no file is restored" dist/file
done

# --- R11, R21
hasnt "R11: vt holds no name of the addon's JavaScript" "$(strings -a "$VT" 2>/dev/null || cat "$VT" | tr -c '[:print:]' '\n')" RunnerClient
hasnt "R11: an installed header holds no name of it" "$(cat "$abs_top_srcdir"/plugin-api/client/vt-client.h "$abs_top_srcdir"/plugin-api/vt-plugin.h)" RunnerClient
is "R11: the library exports its own names alone" "$(nm -D --defined-only "$abs_top_builddir"/plugin-api/client/.libs/libvt-client.so | awk '{ print $3 }' | grep -v '^vt_client_\|^VT_CLIENT')" ""
A=$abs_top_builddir/plugin-api/client/vt-node.node
if [ -f "$A" ]; then
	is "R11: the addon exports one symbol" "$(nm -D --defined-only "$A" | awk '{ print $3 }')" napi_register_module_v1
	is "R21: the addon needs libc alone" "$(readelf -d "$A" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | grep -v '^libc\.')" ""
else
	skip "R11, R21: the addon" "built without it"
fi

# --- R12, R15
is "R12: no file behind the channel reads the live environment" "$(grep -nE '\b(secure_)?getenv *\(|\benviron\b' "$abs_top_srcdir"/core/{ipc,fact,cache,plan,exec,report}/*.[ch] | grep -vE '/\*|^\S+:[0-9]+: \*' || true)" ""
project "$(cached t 'B=prefix sh fetch_env.sh A CHANGED' '"env":["DECLARED"]')"
echo 'CHANGED=live vt client get-env CHANGED' >fetch_env.sh
step "R12: what a tool does to its own environment" cold CHANGED=plan vt run t
has "R12: ... no answer changes" "$out" $'\nplan'
capture with AMBIENT_NAME=ambient_value DECLARED=declared_value vt run --dry-run --json t
is "R15: a plan prints the step" "$rc" 0
for w in AMBIENT_NAME ambient_value declared_value; do hasnt "R15: ... and nothing of $w" "$out" $w; done

# --- R13, R14, R16
project "$(cached p 'PREFIXED=x sh fetch_env.sh PREFIXED'),\"o\":{\"command\":\"PREFIXED_A=a vt run i\"},$(cached i 'PREFIXED_B=b sh fetch_env.sh PREFIXED_A PREFIXED_B')"
step "R13: a prefix" cold vt run p
has "R13: ... is answered" "$out" "served PREFIXED=x"
step "R13: ... and that is what is recorded" hit PREFIXED=other vt run p
step "R14: nested prefixes" cold vt run o
has "R14: ... are all in answers" "$out" "served PREFIXED_A=a PREFIXED_B=b"
has "R14: ... of which the environment has the last one" "$out" "process.env PREFIXED_A=(unset) PREFIXED_B=b"
sed -i 's/PREFIXED=x/PREFIXED=y/' vite-task.json
capture vt run p
like "R16: another prefix: another key" "$(status)" "miss(*)"
has "R16: ... and is answered" "$out" "served PREFIXED=y"
sed -i 's/PREFIXED=y/PREFIXED=x/' vite-task.json
step "R16: the first one is still known" hit vt run p

# --- R17: tests/unit/test-ipc (answers), test-plan (planning); R19
has "R19: the rule about the live environment is written down" "$(tr '\n' ' ' <"$abs_top_srcdir"/README.md)" "the environment is read once"
has "R20: the fixtures are there" "$(cat "$abs_top_srcdir"/tests/run/ipc.inc)" "tests/run/ipc/both-clients.sh"
finish
