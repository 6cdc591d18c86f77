"""Every file of the cache is changed at random, half of them with their checks made right again: no crash, no hang, no file
outside of the outputs; and where the checks were left alone no wrong content."""
import ctypes, ctypes.util, hashlib, os, shutil, struct
from soak import *

s = Soak()
library = ctypes.util.find_library("xxhash")
xxh = ctypes.CDLL(library) if library else None
if xxh:
    xxh.XXH3_64bits_withSeed.restype = ctypes.c_uint64
    xxh.XXH3_64bits_withSeed.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint64]


def check(data, seed=0):
    return xxh.XXH3_64bits_withSeed(bytes(data), len(data), seed)


def repair_log(b):
    at = 16
    while at + 56 <= len(b):
        size, = struct.unpack_from("<I", b, at + 12)
        if at + 56 + size > len(b):
            return
        struct.pack_into("<Q", b, at + 48, 0)
        h = check(b[at:at + 56])
        struct.pack_into("<Q", b, at + 48, check(b[at + 56:at + 56 + size], h) if size else h)
        at += 56 + (size + 7) // 8 * 8


def repair_index(b):
    if len(b) >= 56:
        n, = struct.unpack_from("<Q", b, 40)
        struct.pack_into("<Q", b, 48, check(b[56:56 + min(n, len(b)) * 56]))


def repair_stat(b):
    at = 0
    while at + 56 <= len(b):
        n, = struct.unpack_from("<Q", b, at + 16)
        if at + 56 + n * 80 > len(b):
            return
        struct.pack_into("<Q", b, at + 8, 0)
        struct.pack_into("<Q", b, at + 8, check(b[at + 56:at + 56 + n * 80], check(b[at:at + 56])))
        at += 56 + n * 80


def repair_ledger(b):
    at = 0
    while at + 16 <= len(b):
        size, = struct.unpack_from("<I", b, at + 4)
        if at + 16 + size > len(b):
            return
        struct.pack_into("<Q", b, at + 8, check(b[at + 16:at + 16 + size]))
        at += 16 + size


def repair_digest(b):
    if len(b) >= 36:
        b[4:36] = hashlib.sha256(b[36:]).digest()


REPAIRS = {"log": repair_log, "index": repair_index, "stat": repair_stat, "ledger": repair_ledger, "history": repair_digest, "last": repair_digest}


def repair_of(name):
    """The function that makes the checks of a file right; files of last/ are named by their step."""
    return REPAIRS.get("last" if os.path.basename(os.path.dirname(name)) == "last" else os.path.basename(name))


QUESTIONS = (["why", "all"], ["inputs", "read"], ["outputs", "build"], ["cache", "ls"], ["cache", "verify"], ["cache", "stat"],
             ["run", "--dry-run", "all"], ["run", "--last-details"], ["cache", "clean"])


def workspace(folder):
    s.file(f"{folder}/package.json", '{"name":"r"}')
    s.file(f"{folder}/build.sh", "mkdir -p dist/sub dist/empty; cp in dist/out; cp in dist/sub/out; chmod 750 dist/out; ln -sf out dist/link; "
           "yes \"$(cat in)\" | head -c 200000 >dist/large; echo made $(cat in)")
    s.file(f"{folder}/vite-task.json", """{"tasks":{
        "all":{"command":"true","cache":false,"dependsOn":["build","read","asks"]},
        "build":{"command":"sh build.sh","input":["in","build.sh"],"output":["dist/**"]},
        "read":{"command":"cat in"},
        "asks":{"command":"sh -c \\"echo $A\\"","env":["A"],"input":[]}}}""")
    for state in "12":
        s.file(f"{folder}/in", f"state {state}\n")
        for a in ("x", "y"):
            rc, out, err = s.run("run", "all", cwd=os.path.join(s.root, folder), env=s.environment(A=a), what="the first runs")
            if rc != 0 or err:
                s.fault(f"the first runs: {rc} {out} {err}")
        want[state] = snapshot(f"{folder}/dist")
        clear(f"{folder}/dist")


want = {}
workspace("other")
workspace("w")
shutil.copytree("w/.vt", "base", symlinks=True)
files = sorted(os.path.relpath(os.path.join(f, n), "base") for f, _, names in os.walk("base") for n in names)
if xxh:
    for f in files:                    # do these know the formats?
        repair = repair_of(f)
        old = open(f"base/{f}", "rb").read()
        new = bytearray(old)
        if repair:
            repair(new)
        if bytes(new) != old:
            s.fault(f"the format of {f} is another")
checked = [f for f in files if repair_of(f)]
outside = snapshot("other")
names = set(os.listdir("w"))


for i in range(s.rounds):
    clear("w/.vt"), clear("w/dist")
    shutil.copytree("base", "w/.vt", symlinks=True)
    name = s.random.choice(checked if i % 2 else files)
    other = os.path.join("other/.vt", name)
    data = open(f"base/{name}", "rb").read()
    donor = open(other, "rb").read() if os.path.exists(other) and s.random.random() < .5 else data
    whole_move = s.random.random() < .03 and donor is not data
    b = bytearray(donor) if whole_move else s.mutate(data, donor)
    repair = repair_of(name) if xxh and i % 2 else None
    if repair:
        repair(b)
    with open(f"w/.vt/{name}", "wb") as f:
        f.write(b)
    state, a = s.random.choice("12"), s.random.choice("xyz")
    s.file("w/in", f"state {state}\n")
    story = f"mutant {i} of {name}{', checks repaired' if repair else ''}"
    rc, out, err = s.run("run", "all", cwd=os.path.join(s.root, "w"), env=s.environment(A=a), what=story)
    s.count("mutants with their checks repaired" if repair else "mutants")
    if rc is None:
        continue
    s.count("hits", out.count("cache hit, replaying"))
    if rc != 0 or "Sanitizer" in err or "runtime error" in err:
        s.fault(f"{story}: rc {rc}: {out[-300:]} {err[-1000:]}")
    if err:
        s.count("warnings")
    wrong = difference(snapshot("w/dist"), want[state]) if os.path.isdir("w/dist") else ["dist is not there"]
    if any(line not in out for line in (f"[r#build] made state {state}\n", f"[r#asks] {a}\n", f"[r#read] state {state}\n")):
        wrong.append("output: " + out)
    if wrong and repair:
        s.count("forged contents that were taken")
    elif wrong:
        s.fault(f"{story}: {wrong}")
    if i % 4 == 0:
        ask = s.random.choice(QUESTIONS)
        with open(f"w/.vt/{name}", "wb") as f:
            f.write(b)
        rc, out, err = s.run(*ask, cwd=os.path.join(s.root, "w"), env=s.environment(A=a), what=story)
        s.count("questions")
        if rc is not None and (rc not in (0, 1) or rc and not (out or err) or "Sanitizer" in err or "runtime error" in err):
            s.fault(f"{story}: {' '.join(ask)}: rc {rc}: {out[-300:]} {err[-1000:]}")
    extra = set(os.listdir("w")) - names - {"dist"}
    if extra or (i % 50 == 49 and snapshot("other") != outside):
        s.fault(f"{story}: files elsewhere: {extra}")
        for e in extra:
            clear(f"w/{e}")
s.end()
