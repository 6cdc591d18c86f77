"""20 vt at once on one cache, with `vt cache clean` in a loop: each tells the truth, and the cache is ignored by git at the end."""
import os, threading
from soak import *

s = Soak()
WORKERS = 20
GONE = ("warning: plugin 'store-local': cannot write to the cache: No such file or directory; "
        "nothing more is kept there in this run\n")
s.file("pnpm-workspace.yaml", 'packages: ["packages/*"]\n')
s.file("package.json", '{"name":"root"}')
for i in range(WORKERS):
    s.file(f"packages/p{i}/package.json", '{"name":"p%d"}' % i)
    s.file(f"packages/p{i}/vite-task.json",
           '{"tasks":{"build":{"command":"sh -c \\"cat in; mkdir -p dist; cp in dist/out\\"","input":["in"],"output":["dist/**"]}}}')
    s.file(f"packages/p{i}/in", "0")
lock, over = threading.Lock(), threading.Event()
each = -(-s.rounds // WORKERS)


def fault(text):
    with lock:
        s.fault(text)


def work(i):
    import random
    chance = random.Random(s.seed * 1000 + i)
    for k in range(each):
        content = "content %d of %d" % (chance.randrange(4), i)
        s.file(f"packages/p{i}/in", content + "\n")
        if chance.random() < .3:
            clear(f"packages/p{i}/dist")
        rc, out, err = s.run("run", f"p{i}#build", limit=300, what=f"worker {i}, run {k}")
        if rc is None:
            continue
        if GONE in err:
            with lock:
                s.count("runs told that their cache went")
            err = err.replace(GONE, "")
        if rc != 0 or err:
            fault(f"worker {i}, run {k}: rc {rc}: {err}")
        try:
            got = open(f"packages/p{i}/dist/out").read()
        except OSError as e:
            got = str(e)
        if got != content + "\n" or content not in out:
            fault(f"worker {i}, run {k}: {got!r} for {content!r}: {out}")
        with lock:
            s.count("hits" if "cache hit" in out else "misses")


def clean():
    while not over.is_set():
        rc, out, err = s.run("cache", "clean", limit=300, what="clean")
        if rc != 0 or err:
            fault(f"clean: rc {rc}: {out} {err}")
        with lock:
            s.count("cleanings")
        over.wait(0.05)


def guarded(f, *a):
    try:
        f(*a)
    except SystemExit:
        os._exit(0)


cleaner = threading.Thread(target=guarded, args=(clean,))
workers = [threading.Thread(target=guarded, args=(work, i)) for i in range(WORKERS)]
cleaner.start()
for w in workers: w.start()
for w in workers: w.join()
over.set()
cleaner.join()
s.run("run", "-r", "build")
rc, out, err = s.run("run", "-r", "build")
if f"{WORKERS}/{WORKERS} cache hit" not in out:
    s.fault(f"at the end not all hit: {out[-300:]} {err}")
for mark in (".vt/.gitignore", ".vt/CACHEDIR.TAG"):
    if not os.path.exists(mark):
        s.fault(f"{mark} is lost")
rc, out, err = s.run("cache", "clean")
if rc != 0 or os.path.exists(".vt/store-2"):
    s.fault(f"the cache cannot be removed: {rc} {out} {err}")
s.end()
