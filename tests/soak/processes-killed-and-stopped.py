"""vt, the guard, the supervisor, a keeper and a tracer's thread are killed and stopped, in any combination and order: vt ends, nothing that
descends from a running task lives on, and the next run is right."""
import ctypes, json, os, signal, time
from soak import *

s = Soak()
libc = ctypes.CDLL(None)
home = s.root
os.mkdir("bin")
for tool in ("sleep", "sh"):
    os.symlink(os.path.realpath("/bin/" + tool), f"bin/{tool}")
NAP, SH = f"{home}/bin/sleep", f"{home}/bin/sh"
BODIES = {
    "plain": f"exec {NAP} 1000",
    "daemon": f"(setsid {NAP} 1000 &) ; setsid -f {SH} -c '{NAP} 1000 & wait'; exec {NAP} 1000",
    "forks": f"while :; do {NAP} 0.05; done & while :; do {NAP} 0.02 & wait $!; done",
    "stubborn": f"trap '' INT TERM HUP; while :; do {NAP} 1; done",
    "reads": f"while :; do cat in >/dev/null; done",
    "writes": f"mkdir -p dist; while :; do cp in dist/out; {NAP} 0.01; done",
}
tasks = {"good": {"command": f"{SH} good.sh", "input": ["in"], "output": ["made/**"]}}
for name, body in BODIES.items():
    s.file(f"{name}.sh", f"echo $$ >started\n{body}\n")
    tasks[name] = {"command": f"{SH} {home}/{name}.sh", **({"cache": False} if name in ("plain", "daemon", "stubborn") else {})}
s.file("good.sh", "mkdir -p made; cp in made/out; cat in")
s.file("package.json", '{"name":"r"}')
s.file("vite-task.json", json.dumps({"tasks": tasks}))
s.file("in", "0\n")


def family(vt):
    """The guard, the supervisor, its keepers and vt's threads."""
    table = parents()
    guards = [p for p, (parent, _, name) in table.items() if parent == vt and name == "vt-supervisor"]
    supervisors = [p for p, (parent, state, _) in table.items() if parent in guards and state not in "ZX"]
    keepers = [p for p, (parent, state, _) in table.items() if parent in supervisors and state not in "ZX"]
    try:
        threads = [int(t) for t in os.listdir(f"/proc/{vt}/task") if int(t) != vt]
    except OSError:
        threads = []
    return guards, supervisors, keepers, threads


def is_over(pid):
    _, state, name = parents().get(pid, (0, "X", ""))
    return state in "ZX" or name != "vt-supervisor"


def send(pid, signum):
    try:
        os.kill(pid, signum)
    except ProcessLookupError:
        pass


for i in range(s.rounds):
    kind = s.random.choice(list(BODIES))
    clear("started")
    p = s.start("run", kind)
    if not until(60, lambda: os.path.exists("started") and os.path.getsize("started") > 0):
        s.fault(f"storm {i}: {kind} does not start")
        p.kill()
        continue
    time.sleep(s.random.random() * 0.05)
    guards, supervisors, keepers, threads = family(p.pid)
    victims = {"vt": [p.pid], "guard": guards, "supervisor": supervisors, "keeper": keepers, "thread": threads[-1:] or [p.pid]}
    acts = []
    for who in s.random.sample(list(victims), s.random.randrange(1, 6)):
        acts.append((who, s.random.choice([signal.SIGKILL, signal.SIGSTOP])))
    for who, signum in acts:
        for pid in victims[who]:
            if who == "thread":
                # one thread is signalled, all of the process obeys
                if libc.tgkill(p.pid, pid, int(signum)) != 0:      # it has ended meanwhile
                    send(p.pid, signum)
            else:
                send(pid, signum)
        if s.random.random() < .5:
            time.sleep(s.random.random() * 0.02)
    story = f"storm {i}: {kind}: " + ", ".join(f"{w} {x.name[3:]}" for w, x in acts)
    s.count("storms")
    dead = {w for w, x in acts if x == signal.SIGKILL}
    if "thread" in dead:
        dead.add("vt")
    stopped = {w for w, x in acts if x == signal.SIGSTOP} - dead
    if "guard" in dead:
        dead.add("supervisor")                         # by the kernel
        stopped -= {"supervisor"}
    if {"vt", "supervisor", "keeper"} <= dead and "guard" not in dead | stopped:
        s.count("of them left to the guard")
    everybody = "vt" in dead and {"guard", "supervisor", "keeper"} <= dead | stopped
    if everybody:
        # no process is left to act; a stopped one acts once it goes on
        s.count("of them with everybody gone")
        for who in ("guard", "supervisor", "keeper"):
            if who in stopped:
                for pid in victims[who]:
                    send(pid, signal.SIGCONT)
    if {"vt", "thread"} & stopped and "vt" not in dead:
        time.sleep(0.05)
        send(p.pid, signal.SIGCONT)
    if "vt" not in dead:
        send(p.pid, s.random.choice([signal.SIGTERM, signal.SIGINT]))
    gone_for_good = everybody and not ({"guard", "supervisor", "keeper"} & stopped)
    if gone_for_good:
        until(20, lambda: not [send(pid, signal.SIGKILL) for pid in of_workspace(home)])
    try:
        out, err = p.communicate(timeout=30)
    except Exception:
        s.fault(f"{story}: vt does not end")
        p.kill()
        p.communicate()
        err = b""
    # once the run is over a signal does what it does to any program
    if "vt" not in dead and p.returncode is not None and p.returncode < 0 and p.returncode not in (-signal.SIGTERM, -signal.SIGINT):
        s.fault(f"{story}: vt died by signal {-p.returncode}: {err.decode(errors='replace')}")
    if not until(20, lambda: not of_workspace(home)):
        left = of_workspace(home)
        s.fault(f"{story}: {len(left)} processes live on: " + "; ".join(open(f"/proc/{x}/cmdline").read().replace(chr(0), " ") for x in left))
        for pid in left:
            send(pid, signal.SIGKILL)
    # no process waits for one that was stopped after the end
    for pid in set(guards) | set(supervisors) | set(keepers):
        send(pid, signal.SIGCONT)
    for pid in set(guards) | set(supervisors) | set(keepers):
        if not until(20, lambda: is_over(pid)):
            s.fault(f"{story}: a guard, supervisor or keeper lives on")
            send(pid, signal.SIGKILL)
    if i % 5 == 4 or i == s.rounds - 1:
        s.file("in", f"{i}\n")
        rc, out, err = s.run("run", "good", what=story)
        if rc != 0 or open("made/out").read() != f"{i}\n" or err:
            s.fault(f"after {story}: rc {rc}: {out} {err}")
        s.count("runs afterwards")
s.end()
