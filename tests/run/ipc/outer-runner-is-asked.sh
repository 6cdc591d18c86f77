# A runner inside a task of another passes each question on to the outer runner.
. "${0%/*}/../../lib/functions.sh" || exit
[ -x "$abs_top_builddir/tests/run/ipc/serve" ] || skip_all "serve is not built"
cd "$T" || exit 99
S=$abs_top_builddir/tests/run/ipc/serve
nested() { capture base_env timeout -k 5 300 "$S" -r outer env XDG_RUNTIME_DIR="$T/run" "${inner_env[@]+"${inner_env[@]}"}" "$S" -r inner bash -c "vt() { \"$VT\" \"\$@\"; }; $1"; }
report() { grep -v '^MS ' "$1"; }

inner_env=(A=inner)
with A=outer nested 'vt client get-env A; vt client get-env A; vt client get-env --untracked B; vt client get-envs --glob "A*" >/dev/null; vt client get-envs --prefix A >/dev/null'
is "a tool's question: the inner runner answers" "$out" $'inner\ninner'
is "... the inner runner notes what is tracked" "$(report inner)" $'ENV A\nGLOB A*\nPREFIX A\nEXIT 0'
is "... the outer runner notes it, too" "$(report outer)" "$(report inner)"
nested 'vt client disable-cache'
is "an opt-out: both runners hear it" "$(report outer)" $'OPTED-OUT\nEXIT 0'
nested 'vt client get-envs --glob "{x" 2>/dev/null'
is "a broken channel of the inner runner: the outer run is not stored" "$(report outer)" $'OPTED-OUT\nEXIT 4'
capture base_env timeout 300 env VP_RUN_IPC_NAME="$T/run/vt/s00000001-000102030405060708090a0b0c0d0e0f" A=1 "$S" -r inner bash -c "\"$VT\" client get-env A"
is "an outer runner that is gone: nothing changes" "$out $(report inner)" $'1 ENV A\nEXIT 0'
finish
