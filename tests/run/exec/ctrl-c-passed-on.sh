# A Ctrl-C that npm, or another parent, passes on to vt is the same Ctrl-C: tasks still get their time to end.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
. "$abs_top_srcdir/tests/lib/managers.sh"
requires python3
workspace
tools
# ends by itself, half a second after the signal
tool tidy 'trap "sleep 0.5; echo tidied; exit 0" INT; echo ready; i=0; while [ $i -lt 3000 ]; do sleep 0.1; i=$((i+1)); done'
file package.json '{"name":"app","scripts":{"dev":"tidy","old":"stubborn","start":"'"$VT"' run dev"}}'
cat >"$T/parent.py" <<'EOF'
import signal, subprocess, sys
child, early = None, []
def pass_on(number, frame):
    child.send_signal(number) if child else early.append(number)
signal.signal(signal.SIGINT, pass_on)      # before the task can be ready
child = subprocess.Popen(sys.argv[1:])
for number in early:
    child.send_signal(number)
sys.exit(child.wait())
EOF
terminal_options=(--when ready '\x03')
VT_UNDER=$VT
VT=python3 terminal vt "$T/parent.py" "$VT_UNDER" run dev
has "a parent that passes it on: the task ends by itself" "$out" tidied
is "... with its own status" $rc 0
if has_manager npm; then
	VT=npm terminal vt run start
	has "npm: the task ends by itself" "$out" tidied
else
	skip "npm: the task ends by itself" "npm is not installed"
fi
timed() { with TERMINAL_TOOK="$T/took" terminal vt "$T/parent.py" "$VT_UNDER" run "$1"; took=$(cat "$T/took"); }
terminal_options=(--when ready '\x03' --after 1 '\x03')
VT=python3 once_below 3900 timed old
ok "a second Ctrl-C ends the grace all the same ($took ms)" $?
finish
