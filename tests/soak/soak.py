"""Shared by the campaigns: a workspace, runs with a time limit, faults that are counted, and processes and files left of a run."""
import hashlib, os, random, resource, shutil, signal, stat, struct, subprocess, sys, time


class Soak:
    """One campaign: `rounds` tries in `root` with the program `vt`; every choice comes from `seed`."""

    def __init__(self):
        self.vt, self.root, self.rounds, self.seed = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(os.environ["SEED"])
        self.first = int(os.environ.get("FROM", "0"))      # of a list of cases that a seed shuffles
        self.random = random.Random(self.seed)
        self.faults = 0
        self.figures = {}
        os.chdir(self.root)

    def fault(self, what):
        print("FAULT", what.replace("\n", "\\n")[:1500], flush=True)
        self.faults += 1
        if self.faults >= 20:
            print("FAULT that is enough")
            sys.exit(0)

    def count(self, name, by=1):
        self.figures[name] = self.figures.get(name, 0) + by

    def end(self):
        print("#", ", ".join(f"{n} {name}" for name, n in self.figures.items()) or "nothing")

    def file(self, path, text, mode=None):
        path = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            f.write(text)
        if mode is not None:
            os.chmod(path, mode)

    def mutate(self, data, donor):
        """The bytes, changed in one to twenty places; some with parts of `donor`."""
        b = bytearray(data)
        for _ in range(self.random.choice([1, 1, 1, 2, 5, 20])):
            how = self.random.randrange(8)
            n = len(b)
            at = self.random.randrange(n) if n else 0
            if how == 0 and n:
                b[at] ^= 1 << self.random.randrange(8)
            elif how == 1 and n:
                b[at] = self.random.choice([0, 1, 0x7f, 0x80, 0xff])
            elif how == 2:
                del b[at:]
            elif how == 3:
                del b[at:at + self.random.randrange(1, 200)]
            elif how == 4:
                b[at:at] = bytes(self.random.randrange(256) for _ in range(self.random.randrange(1, 100)))
            elif how == 5 and n >= 8:
                at = at // 4 * 4
                value = self.random.choice([0, 1, 0xff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff, n, n - 1])
                b[at:at + 4] = struct.pack("<I", value & 0xffffffff)
            elif how == 6 and donor:
                start = self.random.randrange(len(donor))
                b[at:at + 64] = donor[start:start + self.random.randrange(1, 200)]
            elif how == 7 and n >= 16:
                a = self.random.randrange(n - 8)
                b[a:a + 8], b[at:at + 8] = b[at:at + 8], b[a:a + 8]
        return b

    def part(self, cases):
        """The cases of this part, in an order by the seed in which each has its place whatever others there are."""
        def place(case):
            return hashlib.sha256(f"{self.seed} {case}".encode()).digest()
        return sorted(cases, key=place)[self.first:self.first + self.rounds]

    def far_store(self):
        """A far store in a folder beside the workspace; the text that names it in vite-task.json, or "" where there is none."""
        built = os.path.dirname(os.path.dirname(self.vt)) + "/plugins-1/vt-store-folder.so"
        if not os.path.exists(built):
            return ""
        by = os.path.dirname(self.root)
        os.makedirs(by + "/home/.config/vt", 0o700, exist_ok=True)
        with open(by + "/home/.config/vt/config.json", "w") as f:
            f.write('{"plugins": {"options": {"main": {"dir": "%s/far"}}, "sharing": {"key": "%s"}}}' % (by, "07" * 32))
        return '"plugins":{"stores":["store-local",{"use":"store-folder","as":"main"}]},'

    @staticmethod
    def told(err):
        """The lines of vt, but for those of the far store: a busy machine may find that too slow."""
        return "\n".join(line for line in err.split("\n") if line.strip() and "plugin 'main'" not in line)

    def prepare(self, before, first):
        """Which state a run finds: nothing ("miss"), the cache ("hit"), or the result in the far store alone ("far hit"). first() runs it."""
        far = os.path.dirname(self.root) + "/far"
        clear("dist"), clear(".vt"), clear(far)
        os.mkdir(far)
        os.chmod(far, 0o777)           # whoever vt runs as
        if before != "miss":
            first()
            clear("dist")
        if before == "far hit":
            clear(".vt")

    def environment(self, **more):
        env = dict(os.environ, **more)
        env.pop("SEED", None)
        return env

    def start(self, *args, env=None, cwd=None, **kw):
        return subprocess.Popen([self.vt, *args], cwd=cwd or self.root, env=env or self.environment(),
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **kw)

    def run(self, *args, limit=90, what="", **kw):
        """(status, stdout, stderr); the status of a hang is None."""
        p = self.start(*args, **kw)
        try:
            out, err = p.communicate(timeout=limit)
            return p.returncode, out.decode(errors="replace"), err.decode(errors="replace")
        except subprocess.TimeoutExpired:
            self.fault(f"{what}: hangs: {' '.join(args)}")
            p.kill()
            p.communicate()
            return None, "", ""


def parents():
    """pid -> (parent, state, name) of all processes."""
    ret = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat") as f:
                    text = f.read()
            except OSError:
                continue
            fields = text[text.rindex(")") + 2:].split()
            ret[int(name)] = int(fields[1]), fields[0], text[text.index("(") + 1:text.rindex(")")]
    return ret


def below(top):
    """All living descendants of a process."""
    table, found, again = parents(), {top}, True
    while again:
        again = False
        for pid, (parent, state, _) in table.items():
            if parent in found and pid not in found and state not in "ZX":
                found.add(pid)
                again = True
    found.discard(top)
    return found


def of_workspace(root):
    """Living processes whose command line names something below the folder."""
    ret, mark = [], (root + "/").encode()
    for pid, (_, state, _) in parents().items():
        if state in "ZX" or pid == os.getpid():
            continue
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as f:
                if mark in f.read():
                    ret.append(pid)
        except OSError:
            pass
    return ret


def until(seconds, condition):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def snapshot(top):
    """The contents of a folder: name -> (kind, mode, content)."""
    ret = {}
    for folder, folders, files in os.walk(top):
        for name in folders + files:
            path = os.path.join(folder, name)
            s = os.lstat(path)
            rel = os.path.relpath(path, top)
            if stat.S_ISLNK(s.st_mode):
                ret[rel] = "link", 0, os.readlink(path)
            elif stat.S_ISDIR(s.st_mode):
                ret[rel] = "folder", s.st_mode & 0o777, ""
            else:
                with open(path, "rb") as f:
                    ret[rel] = "file", s.st_mode & 0o777, f.read()
    return ret


def difference(got, want):
    return [f"{n}: {str(got.get(n))[:80]} for {str(want.get(n))[:80]}" for n in sorted(set(got) | set(want)) if got.get(n) != want.get(n)][:5]


def clear(path):
    try:
        if os.path.islink(path) or not os.path.isdir(path):
            os.unlink(path)
        else:
            shutil.rmtree(path)
    except FileNotFoundError:
        pass
