"""Runs a command, waits until a file has something in it, signals the command alone.

send-signal.py FILE SIGNAL again|"" command...    exits with its code, 128 + n for a signal

The milliseconds from the (last) signal to the end are put into FILE.took: how long the
start took is the machine's affair."""
import os, signal, subprocess, sys, time

file, name, again, command = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]
number = getattr(signal, "SIG" + name)
for s in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
    signal.signal(s, signal.SIG_DFL)
p = subprocess.Popen(command)
end = time.time() + 20
while os.path.getsize(file) == 0 and time.time() < end:
    time.sleep(0.02)
time.sleep(0.2)
p.send_signal(number)
if again:
    time.sleep(1)
    p.send_signal(number)
sent = time.time()
code = p.wait(timeout=60)
with open(file + ".took", "w") as f:
    f.write("%d\n" % ((time.time() - sent) * 1000))
sys.exit(128 - code if code < 0 else code)
