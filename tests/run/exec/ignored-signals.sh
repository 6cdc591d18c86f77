# Tasks ignore the signals that vt was started with as ignored, and none that vt ignores for itself.
. "${0%/*}/../../lib/functions.sh" || exit
workspace
file package.json '{"name":"a","scripts":{"first":"sed -n s/^SigIgn:.//p /proc/self/status","second":"sed -n s/^SigIgn:.//p /proc/self/status #"}}'
# 32 and 33 are the C library's own: no program can ask it about them
others() { while read -r m; do printf '%016x ' $((16#$m & ~(3 << 31))); done; }
# ignored SIGNAL...: the mask that two tasks of one run see
ignored() { ([ $# = 0 ] || trap '' "$@"; base_env "$VT" run --no-cache first 2>&1 </dev/null; base_env "$VT" run --no-cache second 2>&1 </dev/null) | grep -E '^[0-9a-f]{16}$' | others; }
own=$(sed -n 's/^SigIgn:.//p' /proc/self/status)
mask() { local m=$((16#$own)) n; for n; do m=$((m | 1 << (n - 1))); done; printf '%016x\n' "$m" "$m" | others; }

is "a task ignores what vt was born ignoring, and nothing else" "$(ignored)" "$(mask)"
is "... also a signal that vt never touches" "$(ignored USR1)" "$(mask 10)"
is "... a signal that vt catches" "$(ignored HUP)" "$(mask 1)"
is "... signals that vt ignores for itself" "$(ignored PIPE XFSZ)" "$(mask 13 25)"
is "... a real-time signal, and others" "$(ignored QUIT ALRM RTMIN+3)" "$(mask 3 14 37)"
finish
