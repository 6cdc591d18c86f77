"""Each limit of a process is tried from tiny upwards, for a miss, a hit and a hit from a far store: vt does its work, or says in a sentence why not."""
import os, resource, shutil
from soak import *

s = Soak()
s.file("package.json", '{"name":"r"}')
s.file("in", "1\n")
s.file("build.sh", "set -e; mkdir -p dist; cp in dist/out; echo made $(cat in)")
far = s.far_store()
BEFORE = ("miss", "hit", "far hit") if far else ("miss", "hit")
s.file("vite-task.json", "{" + far + '"tasks":{"t":{"command":"sh build.sh","input":["in","build.sh"],"output":["dist/**"]}}}')
K, M = 1 << 10, 1 << 20
LIMITS = {
    "NOFILE": (resource.RLIMIT_NOFILE, list(range(0, 80)) + [100, 128, 200, 256]),
    "AS": (resource.RLIMIT_AS, [n * 512 * K for n in range(2, 400)]),
    "DATA": (resource.RLIMIT_DATA, [n * 128 * K for n in range(0, 300)]),
    "STACK": (resource.RLIMIT_STACK, [n * 8 * K for n in range(2, 140)]),
    "FSIZE": (resource.RLIMIT_FSIZE, [0, 1, 10, 100, 500] + [n * 256 for n in range(1, 60)]),
    "NPROC": (resource.RLIMIT_NPROC, list(range(0, 24))),
    "MEMLOCK": (resource.RLIMIT_MEMLOCK, [0, K]),
    "SIGPENDING": (resource.RLIMIT_SIGPENDING, [0, 1, 2]),
    "CORE": (resource.RLIMIT_CORE, [0]),
}
cases = [(n, which, v, before) for n, (which, values) in LIMITS.items() for v in values for before in BEFORE]
s.count("cases", len(cases))
somebody = 54321 if os.getuid() == 0 else None         # root is bound by no RLIMIT_NPROC
if somebody:
    os.chmod(os.path.dirname(s.root), 0o755)
    for folder, folders, files in os.walk(os.path.dirname(s.root)):
        for n in folders + files:
            os.lchown(os.path.join(folder, n), somebody, somebody)
    os.lchown(s.root, somebody, somebody)


def limited(which, value, *args, cwd):
    def before():
        if somebody:
            os.setgroups([]), os.setgid(somebody), os.setuid(somebody)
        resource.setrlimit(which, (value, value))
    try:
        return s.run(*args, preexec_fn=before, cwd=cwd, env=s.environment(VT_CACHE_DIR=""), limit=60, what=f"{args}")
    except (OSError, subprocess.SubprocessError):
        return -1, "", ""              # not even a program can be started


def first():
    rc, out, err = limited(resource.RLIMIT_CORE, 0, "run", "t", cwd=s.root)
    if rc != 0 or s.told(err):
        s.fault(f"without limits: {rc} {out} {err}")


for name, which, value, before in s.part(cases):
    s.prepare(before, first)
    story = f"{name} {value}, {before}"
    rc, out, err = limited(which, value, "--version", cwd=s.root)
    if rc is None or not out.startswith("vt "):
        s.count("below what any program needs")
        continue
    rc, out, err = limited(which, value, "run", "t", cwd=s.root)
    if rc is None:
        continue
    if rc == 0:
        s.count("went well")
        if "made 1\n" not in out or not os.path.exists("dist/out") or open("dist/out").read() != "1\n":
            s.fault(f"{story}: status 0, and yet: {out} {err}")
    elif rc < 0 or rc > 127 and not (err or out):
        s.fault(f"{story}: died ({rc}): {out} {err}")
    elif not (err.strip() or "✗ Failed to " in out):
        s.fault(f"{story}: status {rc} without a sentence: {out}")
    else:
        s.count("told why not")
    if not until(20, lambda: not of_workspace(s.root)):
        s.fault(f"{story}: processes live on")
    rc, out, err = limited(resource.RLIMIT_CORE, 0, "run", "t", cwd=s.root)
    if rc != 0 or s.told(err) or open("dist/out").read() != "1\n":
        s.fault(f"after {story}: {rc} {out} {err}")
s.end()
