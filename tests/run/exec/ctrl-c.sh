# Ctrl-C typed at the terminal: the tasks receive it from there; no new task starts.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
workspace
pnpm a b
tools
tool count 'n=0; trap "n=\$((n+1)); echo got \$n; sleep 0.5; exit 0" INT; echo ready; i=0; while [ $i -lt 3000 ]; do sleep 0.1; i=$((i+1)); done'
tool noecho 'stty -echo; trap "" INT; echo ready; sleep 300'
file packages/a/package.json '{"name":"a","scripts":{"dev":"catch INT 0","count":"count","die":"sh -c \"echo ready; sleep 300\"","old":"stubborn","noecho":"noecho"}}'
file packages/b/package.json '{"name":"b","dependencies":{"a":"workspace:*"},"scripts":{"dev":"print never"}}'
cd packages/a
terminal_options=(--when ready '\x03')
terminal vt run dev
has "the task gets the signal" "$out" "INT received"
is "a task that handles it and exits with 0: 0" $rc 0
hasnt "... no summary" "$out" "---"
terminal vt run --log=labeled count
is "the task gets the signal once" "$(printf '%s\n' "$out" | grep -c 'got [0-9]')" 1
terminal vt run die
is "a task that dies of it: 130" $rc 130
cd ../..
terminal vt run -r --no-cache dev
is "no further task starts" "$rc $(printf '%s\n' "$out" | grep -c '^~')" "0 1"
cd packages/a
timed() { with TERMINAL_TOOK="$T/took" terminal vt run "$1"; took=$(cat "$T/took"); }
timed old
ok "a task that ignores it is killed after 5 s ($took ms)" $((took < 4900))
is "... and vt exits with 130" $rc 130
terminal_options=(--when ready '\x03' --after 1 '\x03')
once_below 3900 timed old
ok "a second Ctrl-C ends the grace ($took ms)" $?
with TERMINAL_SETTINGS="$T/settings" terminal vt run noecho
is "the terminal is left as it was found" "$(cat "$T/settings")" echo
finish
