# Answers of the runner, the facts that it keeps, and the reason that wins.
. "${0%/*}/asking-tools.sh" || exit
BY=sh
workspace
tools
file package.json '{"name":"w","private":true}'
cached() { echo "\"$1\":{\"command\":\"$2\",\"cache\":true,\"input\":[]${3:+,$3}}"; }
file vite-task.json "{\"tasks\":{
	$(cached injected 'sh injected.sh'),
	$(cached traced 'sh injected.sh'),
	$(cached untracked 'sh fetch_env.sh A' '"untrackedEnv":["A"]'),
	$(cached bulk 'sh fetch_envs.sh' '"untrackedEnv":["PROBE_*"]'),
	$(cached all "vt client get-envs --prefix ''"),
	$(cached sometimes 'sh sometimes.sh'),
	$(cached worst 'sh worst.sh'),
	$(cached bytes 'sh bytes.sh'),
	$(cached fails 'sh fails.sh'),
	$(cached slow 'sh slow.sh'),
	$(cached nowhere '/nonexistent/program || vt client get-env A')}}"

cat >injected.sh <<'SH'
for n in VP_RUN_IPC_NAME VP_RUN_NODE_CLIENT_PATH VP_RUN FSPY VT_SOMETHING VITE_CACHE_PATH FORCE_COLOR LD_PRELOAD; do
	vt client get-env $n >/dev/null && echo "$n is answered"
done
vt client get-envs --glob 'VP_*'
vt client get-envs --prefix VT_
echo "own: ${VP_RUN-none}"
SH
step "the runner's own names" cold VT_SOMETHING=1 vt run injected
is "... are in no answer" "$(printed)" "own: 1"
step "... and decide nothing" hit VT_SOMETHING=2 vt run injected

step "a name in untrackedEnv that a tool asks for" cold A=1 vt run untracked
is "... is in its environment and served" "$(printed)" $'served A=1\nprocess.env A=1'
step "... and tracked" "miss(env 'A' changed)" A=2 vt run untracked
step "a query" cold PROBE_A=1 vt run bulk
step "... includes untrackedEnv" "miss(env 'PROBE_A' changed)" PROBE_A=2 vt run bulk
step "the empty prefix" cold SOME_NAME=1 vt run all
has "... means everything" "$out" SOME_NAME=1
step "... and so everything decides" "miss(env 'SOME_NAME' changed)" SOME_NAME=2 vt run all

echo 'case $(vt client get-env A) in no) vt client disable-cache ;; fail) exit 3 ;; esac' >sometimes.sh
step "a run that is kept" cold A=yes vt run sometimes
step "a run that opts out" "miss(env 'A' changed)" A=no vt run sometimes
step "... leaves the earlier result in place" hit A=yes vt run sometimes
capture with A=fail vt run sometimes
is "a run that fails: has its exit code" "$rc" 3
step "... and leaves the earlier result in place" hit A=yes vt run sometimes
capture with A=fail vt run sometimes
is "... and is not kept itself" "$(status) $rc" "miss(env 'A' changed) 3"

echo 'vt client disable-cache; vt client get-envs --glob "{x" 2>/dev/null; exit 0' >worst.sh
step "a failed communication" cold vt run worst
has "... is told before an opt-out" "$(details)" '→ Not cached: task communication failed (invalid glob pattern from the task: "{x")'

echo 'vt client get-env BYTES | od -An -tx1; vt client get-envs --prefix BYTES | wc -c' >bytes.sh
step "a value that is not UTF-8" cold BYTES=$'\377\376' vt run bytes
is "... is served as it is" "$(printed | tr -s ' ')" $' ff fe 0a\n9'
step "... known" hit BYTES=$'\377\376' vt run bytes
step "... and told from another" "miss(env 'BYTES' changed)" BYTES=$'\377\375' vt run bytes
step "... and the first value again" hit BYTES=$'\377\376' vt run bytes

rm -rf "$T/run/vt"
step "a hit" hit BYTES=$'\377\376' vt run bytes
gone "... needs no channel" "$T/run/vt"

echo 'echo "$VP_RUN_IPC_NAME" >name; vt client get-env A; sleep 300' >slow.sh
rm -f name
base_env "$VT" run slow >/dev/null 2>&1 &
until_true [ -s name ]
name=$(cat name) && name=${name##*/s}
kill -TERM $((16#${name:0:8}))
wait $! 2>/dev/null
is "a cancelled run ends with its signal" "$?" 143
gone "... and its endpoint is removed" "$(cat name)"
capture vt run nowhere
is "a program that does not exist: no endpoint stays" "$(ls "$T/run/vt" | grep -c ^s)" 0
finish
