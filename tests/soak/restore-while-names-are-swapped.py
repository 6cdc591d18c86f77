"""Another process swaps files and folders of the output for links out of the workspace while outputs are put back:
nothing outside is written, removed, or gets another mode."""
import ctypes, os, random, signal
from soak import *

s = Soak()
libc = ctypes.CDLL(None, use_errno=True)
AT_FDCWD, EXCHANGE = -100, 2
outside = os.path.join(os.path.dirname(s.root), "outside")
s.file("package.json", '{"name":"r"}')
s.file("build.sh", """[ ! -d swap ] || exit 9         # what a task itself does through a link is not vt's
state=$(cat in)
rm -rf dist
mkdir -p dist/sub/deep
for i in 1 2 3 4 5 6 7 8; do echo "$state $i" >dist/f$i; echo "$state $i" >dist/sub/f$i; echo "$state $i" >dist/sub/deep/f$i; done
[ $state = a ] || chmod 666 dist/f1 dist/sub/f1 dist/sub/deep/f1
[ $state = a ] || chmod 750 dist/sub dist/sub/deep
""")
s.file("vite-task.json", '{"tasks":{"build":{"command":"sh build.sh","input":["in","build.sh"],"output":["dist/**"]}}}')
for state in "ab":
    s.file("in", state)
    s.run("run", "build")
names = ["f%d" % i for i in range(1, 9)]


def make_outside():
    clear(outside)
    for folder in ("", "sub", "sub/deep"):
        os.makedirs(os.path.join(outside, folder), exist_ok=True)
        for n in names:
            path = os.path.join(outside, folder, n)
            with open(path, "w") as f:
                f.write("precious")
            os.chmod(path, 0o600)
    for folder in ("sub/deep", "sub", ""):
        os.chmod(os.path.join(outside, folder), 0o711)


def link_of(name):
    return "swap/all" if name == "." else "swap/" + name.replace("/", "-")


def swap(names, seed):
    """Exchanges each name with its link, as fast as can be, until it is killed."""
    chance = random.Random(seed)
    pairs = [(os.fsencode(os.path.normpath(f"dist/{n}")), os.fsencode(link_of(n))) for n in names]
    while True:
        for a, b in pairs:
            libc.renameat2(AT_FDCWD, a, AT_FDCWD, b, EXCHANGE)
            if chance.random() < .3:
                libc.renameat2(AT_FDCWD, a, AT_FDCWD, b, EXCHANGE)


sets = [["f1", "f2"], ["sub"], ["sub/deep", "sub/f1"], ["sub/deep/f1", "f1", "sub/f2"], ["."]]
make_outside()
before = snapshot(outside), os.stat(outside).st_mode
for i in range(s.rounds):
    chosen = s.random.choice(sets)
    s.file("in", "a")
    clear("dist"), clear("swap")
    s.run("run", "build", what=f"try {i}, before")
    s.file("in", s.random.choice("ab"))
    if s.random.random() < .5:
        for folder, _, files in os.walk("dist"):
            for f in files:
                if s.random.random() < .5:
                    os.unlink(os.path.join(folder, f))
    os.mkdir("swap")
    for n in chosen:
        os.symlink(os.path.join(outside, n), link_of(n))
    swapper = os.fork()
    if swapper == 0:
        try:
            swap(chosen, i)
        finally:
            os._exit(0)
    rc, out, err = s.run("run", "build", what=f"try {i}")
    os.kill(swapper, signal.SIGKILL)
    os.waitpid(swapper, 0)
    s.count("hits" if "cache hit" in out else "restores given up" if rc == 9 else "other runs")
    now = snapshot(outside), os.stat(outside).st_mode
    if now != before:
        s.fault(f"try {i}, {chosen}: outside: {difference(now[0], before[0])} {oct(now[1])}")
        make_outside()
    if rc is not None and rc < 0:
        s.fault(f"try {i}: died by signal {-rc}: {err}")
clear("dist"), clear("swap")
for state in "ab":
    s.file("in", state)
    rc, out, err = s.run("run", "build")
    if rc != 0 or open("dist/sub/deep/f1").read() != f"{state} 1\n":
        s.fault(f"at the end: rc {rc}, {err}")
s.end()
