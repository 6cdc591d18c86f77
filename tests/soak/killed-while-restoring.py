"""vt is killed at any moment of putting outputs back; the next run has all of them right, and nothing else."""
import os, signal, time
from soak import *

s = Soak()
s.file("package.json", '{"name":"r"}')
s.file("build.sh", """state=$(cat in)
rm -rf dist
mkdir -p dist/deep/er dist/empty
i=0
while [ $i -lt 60 ]; do echo "$state $i" >dist/f$i; i=$((i + 1)); done
[ $state = a ] || { chmod 600 dist/f4; ln -s f1 dist/link; echo b >dist/only-b; }
echo "$state" >dist/deep/er/file
chmod 755 dist/f3
""")
s.file("vite-task.json", '{"tasks":{"build":{"command":"sh build.sh","input":["in","build.sh"],"output":["dist/**"]}}}')
want = {}
for state in "ab":
    s.file("in", state)
    rc, out, err = s.run("run", "build")
    if rc != 0:
        s.fault(f"the first run: {rc} {err}")
    want[state] = snapshot("dist")
clear("dist")
began = time.monotonic()
s.run("run", "build")
whole = time.monotonic() - began
for i in range(s.rounds):
    state = s.random.choice("ab")
    s.file("in", state)
    how = s.random.randrange(4)
    if how == 0:
        clear("dist")
    elif how == 1 and os.path.isdir("dist/deep"):
        clear("dist/deep")
    elif how == 2 and os.path.isdir("dist"):
        for n in range(0, 60, 7):
            clear(f"dist/f{n}")
    p = s.start("run", "build")
    time.sleep(s.random.random() * whole)
    p.send_signal(signal.SIGKILL)
    p.communicate()
    rc, out, err = s.run("run", "build", what=f"kill {i}")
    if rc is None:
        continue
    s.count("hits after a kill" if "cache hit" in out else "runs after a kill")
    if rc != 0 or err:
        s.fault(f"kill {i}: rc {rc}: {err}")
    for d in difference(snapshot("dist"), want[state]):
        s.fault(f"kill {i}, state {state}: dist/{d}")
    for d in os.listdir("."):
        if d not in (".vt", "package.json", "build.sh", "vite-task.json", "in", "dist"):
            s.fault(f"kill {i}: {d} is left")
            clear(d)
s.end()
