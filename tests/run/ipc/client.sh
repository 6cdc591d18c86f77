# vt client, for scripts and tools without a client of their own.
. "${0%/*}/../../lib/functions.sh" || exit
[ -x "$abs_top_builddir/tests/run/ipc/serve" ] || skip_all "serve is not built"
cd "$T" || exit 99
export VT
serve() { base_env timeout -k 5 300 "$abs_top_builddir/tests/run/ipc/serve" -r "$T/report" env VT="$VT" "$@"; }
report() { grep -v '^MS ' "$T/report"; }
inside() { capture serve bash -c "vt() { \"\$VT\" \"\$@\"; }; $1"; }

capture vt client get-env HOME
is "outside of a task: no variable is set" "$rc$out$err" 1
capture vt client disable-cache
is "... the other verbs do nothing" "$rc$out$err" 0
capture vt client get-envs --prefix H
is "... no name matches" "$rc$out$err" 0
capture vt client ignore-input --require-runner a
is "... with --require-runner: an error" "$rc $err" "3 error: not inside a task: \`vt client\` was told to require a runner"
capture with VP_RUN_IPC_NAME="$T/s00000001-000102030405060708090a0b0c0d0e0f" vt client disable-cache
is "a runner that cannot be reached: an error" "$rc $err" "4 error: the task runner cannot be reached: No such file or directory"
for words in "nosuch" "get-env" "get-env A B" "get-env --nosuch A" "get-envs" "get-envs --glob" "get-envs --glob a --prefix b" "ignore-input" "disable-cache x" "-x"; do
	capture vt client $words
	is "vt client $words: exit 2, usage" "$rc ${err##*$'\n'}" "2 For more information, try '--help'."
done
capture vt client --help
is "--help prints the verbs" "$rc $(sed -n 3p <<<"$out")" "0 Usage: vt client <COMMAND>"

with MODE=fast EMPTY= inside 'vt client get-env MODE; vt client get-env EMPTY; vt client get-env UNSET; echo $?; vt client get-env --untracked HOME >/dev/null; echo $?; vt client get-env -- MODE'
is "get-env: prints, and its exit status says what is not set" "$out" $'fast\n\n1\n0\nfast'
is "get-env: what it asked is noted" "$(report)" $'ENV MODE\nENV EMPTY\nENV UNSET\nEXIT 0'
with V_B=2 V_A=$'1\n1' inside 'vt client get-envs -0 --prefix V_ | tr "\0\n" ";,"; vt client get-envs --untracked --glob="V_[B]"; vt client get-envs --glob "{x" 2>&1; echo $?'
is "get-envs: sorts, and ends each by NUL or newline" "$out" $'V_A=1,1;V_B=2;V_B=2\nerror: invalid glob pattern: "{x"\n4'
is "get-envs: each query is noted once, and so is the bad pattern" "$(report)" $'PREFIX V_\nBROKEN invalid glob pattern from the task: "{x"\nEXIT 0'
inside 'mkdir -p sub && cd sub && vt client ignore-input a ../b /c && vt client ignore-output d'
is "ignore-input and ignore-output: paths are absolute from where they were said" "$(report)" "INPUT $T/sub/a
INPUT $T/sub/../b
INPUT /c
OUTPUT $T/sub/d
EXIT 0"
inside 'vt client disable-cache; kill -9 $$'
is "disable-cache: has arrived when the command returns" "$(report)" $'OPTED-OUT\nEXIT 137'
inside 'exec >/dev/full; vt client get-env HOME'
is "an output that cannot be written: an error" "$(report | tail -1)" 'EXIT 4'
finish
