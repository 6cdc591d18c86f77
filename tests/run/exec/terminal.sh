# A real terminal: Ctrl-C reaches everything once, Ctrl-Z stops and goes on, the settings come back.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
requires python3
workspace
tools
# counts the INTs it gets, for a second after the first
file node_modules/.bin/counter '#!/usr/bin/env python3
import os, signal, sys, time
n = 0
def got(*a):
    global n
    n += 1
signal.signal(signal.SIGINT, got)
name, out = sys.argv[1], sys.argv[2]
if "group" in sys.argv: os.setpgid(0, 0)
if "session" in sys.argv: os.setsid()
open(out + "." + name, "w").close()
end = time.time() + 120
while n == 0 and time.time() < end: time.sleep(0.02)
time.sleep(1)
with open(out + "." + name, "w") as f: f.write("%d\n" % n)'
chmod +x node_modules/.bin/counter
tool family "counter child \$1 & counter group \$1 group & counter session \$1 session & trap : INT; while ! [ -e \$1.child -a -e \$1.group -a -e \$1.session ]; do sleep 0.05; done; echo ready; wait; wait; wait; wait; sleep 1.5; exit 0"
tool quiet 'stty -echo; echo ready; sleep 300'
file node_modules/.bin/daemon "#!/usr/bin/env python3
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork(): os._exit(0)
    null = os.open('/dev/null', os.O_RDWR)
    for n in range(3): os.dup2(null, n)
    open('$T/pids', 'w').write(str(os.getpid()))
    time.sleep(300); os._exit(0)
while not os.path.exists('$T/pids'): time.sleep(0.02)
print('ready', flush=True)
time.sleep(300)"
chmod +x node_modules/.bin/daemon
tool beats "n=0; echo \$\$ >$T/pids; echo ready; while ! [ -e $T/enough ] && [ \$n -lt 3000 ]; do n=\$((n+1)); echo \$n >$T/beat; sleep 0.1; done; echo over"
file package.json "{\"name\":\"r\",\"scripts\":{\"family\":\"family $T/n\",\"daemon\":\"daemon\",\"quiet\":\"quiet\",\"beats\":\"beats\"}}"
terminal_options=(--when ready '\x03')
for how in --log=interleaved --log=labeled --cache; do
	rm -f "$T"/n.*
	terminal vt run $how family
	is "$how: Ctrl-C reaches a child once" "$(cat "$T/n.child")" 1
	is "$how: ... and one with a group of its own, which the terminal does not know" "$(cat "$T/n.group")" 1
	is "$how: ... and one with a session of its own" "$(cat "$T/n.session")" 1
done
for how in --log=interleaved --cache; do
	rm -f "$T/pids"
	terminal vt run $how daemon
	is "$how: a task with a daemon dies of Ctrl-C: 130" $rc 130
	wait_gone "$(cat "$T/pids")"
	ok "$how: ... and its daemon with it" $?
done
with TERMINAL_SETTINGS="$T/settings" terminal vt run quiet
is "Ctrl-C: the terminal is left as it was found" "$rc $(cat "$T/settings")" "130 echo"
# Ctrl-Z and fg, as a shell with job control does it
cat >"$T/shell.py" <<'EOF'
import os, pty, signal, sys, time
out = []
pid, fd = pty.fork()
if pid == 0:
    # the shell: a job in a group of its own, in the foreground
    import subprocess
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    job = os.fork()
    if job == 0:
        os.setpgid(0, 0); os.tcsetpgrp(0, os.getpid()); signal.signal(signal.SIGTTOU, signal.SIG_DFL)
        os.execvp(sys.argv[3], sys.argv[3:])
    _, status = os.waitpid(job, os.WUNTRACED)
    os.tcsetpgrp(0, os.getpgrp())
    print("SHELL stopped" if os.WIFSTOPPED(status) else "SHELL ended", flush=True)
    if os.WIFSTOPPED(status):
        # the task stops when it is told to, which may be a little later than the runner
        for tries in range(60):
            beat = open(sys.argv[1]).read(); time.sleep(0.7)
            still = beat == open(sys.argv[1]).read()
            if still: break
        print("SHELL", "still" if still else "moving", flush=True)
        open(sys.argv[2], "w").close()
        os.tcsetpgrp(0, job); os.killpg(job, signal.SIGCONT)
        _, status = os.waitpid(job, os.WUNTRACED)
        os.tcsetpgrp(0, os.getpgrp())
    print("SHELL exit", os.waitstatus_to_exitcode(status) if not os.WIFSTOPPED(status) else "stopped", flush=True)
    os._exit(0)
typed = False
while True:
    try: data = os.read(fd, 65536)
    except OSError: break
    if not data: break
    sys.stdout.buffer.write(data); sys.stdout.flush(); out.append(data)
    if not typed and b"ready" in b"".join(out):
        typed = True
        while not os.path.exists(sys.argv[1]): time.sleep(0.02)
        os.write(fd, b"\x1a")
EOF
for how in --log=interleaved --log=labeled --cache; do
	rm -rf .vt "$T/beat" "$T/enough"
	out=$(base_env timeout 300 python3 "$T/shell.py" "$T/beat" "$T/enough" "$VT" run $how beats | tr -d '\r')
	is "$how: Ctrl-Z stops runner and task, fg goes on to the end" "$(printf '%s\n' "$out" | grep -E 'SHELL|over' | sed 's|.*\(SHELL\)|\1|; s|.*over|over|' | tr '\n' ' ')" "SHELL stopped SHELL still over SHELL exit 0 "
done
finish
