"""The first, second, ... allocation, open, thread and sendmsg of vt fails, over a whole miss, a whole hit and a whole hit from
a far store: vt goes on without, or ends with a sentence; the next run is right."""
import os, struct, subprocess
from soak import *

s = Soak()
preload = os.path.join(os.path.dirname(s.root), "fail-nth.so")
subprocess.run([*os.environ["CC"].split(), "-shared", "-fPIC", "-O1", "-o", preload, os.environ["SOAK_BY"] + "/fail-nth.c", "-ldl", "-lpthread"], check=True)
counter = os.path.join(os.path.dirname(s.root), "count")
s.file("package.json", '{"name":"r"}')
s.file("in", "1\n")
s.file("build.sh", "mkdir -p dist; cp in dist/out; echo made $(cat in)")
far = s.far_store()
BEFORE = ("miss", "hit", "far hit") if far else ("miss", "hit")
s.file("vite-task.json", "{" + far + """"tasks":{
    "t":{"command":"sh build.sh","output":["dist/**"],"dependsOn":["u"]},
    "u":{"command":"cat in","input":["in"]}}}""")


def run(kind, at):
    env = s.environment(LD_PRELOAD=preload, FAIL_KIND=kind, FAIL_AT=str(at), FAIL_COUNT=counter)
    rc, out, err = s.run("run", "t", env=env, what=f"{kind} {at}", limit=60)
    return rc, out, err, struct.unpack("<q", open(counter, "rb").read())[0]


def prepare(before):
    s.prepare(before, lambda: s.run("run", "t"))


totals = {}
for kind in ("malloc", "open", "thread", "sendmsg"):
    for before in BEFORE:
        prepare(before)
        rc, out, err, n = run(kind, 0)
        if rc != 0 or s.told(err):
            s.fault(f"{kind}, nothing fails: {rc} {out} {err}")
        totals[kind, before] = n + n // 20 + 2
cases = [(kind, before, at) for (kind, before), n in totals.items() for at in range(1, n + 1)]
s.count("places", len(cases))
for kind, before, at in s.part(cases):
    prepare(before)
    story = f"{kind} {at} of about {totals[kind, before]} fails in a {before}"
    rc, out, err, _ = run(kind, at)
    if rc is None:
        s.fault(story)
        continue
    if rc == 0:
        s.count("went on without")
        if "made 1\n" not in out or not os.path.exists("dist/out") or open("dist/out").read() != "1\n":
            s.fault(f"{story}: status 0, and yet: {out} {err}")
    elif rc < 0:
        s.fault(f"{story}: died by signal {-rc}: {out} {err}")
    elif not err.strip() and "✗ Failed to " not in out:
        s.fault(f"{story}: status {rc} without a sentence: {out}")
    else:
        s.count("told why not")
    if not until(20, lambda: not of_workspace(s.root)):
        s.fault(f"{story}: processes live on")
    rc, out, err = s.run("run", "t", what=f"after {story}")
    if rc != 0 or s.told(err) or open("dist/out").read() != "1\n":
        s.fault(f"after {story}: {rc} {out} {err}")
s.end()
