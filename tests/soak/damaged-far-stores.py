"""The objects of a far store are changed at random, half of it sealed again as a member of the team could: no crash, no hang, no file
outside of the outputs; and where nobody sealed it again no wrong content. Takes a folder, bundles on a server, and
what runners that share a run tell each other on a Redis server."""
import atexit, hashlib, http.server, json, os, shutil, socket, subprocess, sys, threading
from soak import *

sys.path.insert(0, os.path.join(os.environ["SOAK_BY"], "..", "lib"))
from sealed import BUNDLE, RESULT, RESULT_DOMAIN, STEP, STEP_DOMAIN, seal

s = Soak()
TEAM = bytes([7] * 32)
BY = os.path.dirname(s.root)
objects = {}                           # what the server holds: path -> bytes


class Server(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle(self):
        try:
            super().handle()
        except ConnectionError:        # vt ends a connection as it likes
            pass

    def answer(self, code, data=b""):
        self.send_response(code)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def do_GET(self):
        data = objects.get(self.path.split("?")[0])
        self.answer(404 if data is None else 200, data or b"")

    do_HEAD = do_GET

    def do_PUT(self):
        objects[self.path.split("?")[0]] = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.answer(200)

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.answer(200, b"{}")

    def log_message(self, *words):
        pass


class Folder:
    """Objects are files; their names are paths."""
    plugin, wants = "store-folder", ()
    options = {"dir": BY + "/far"}

    def __init__(self):
        self.clear()

    def clear(self):
        clear(BY + "/far")
        os.mkdir(BY + "/far", 0o700)

    def get(self):
        return {name: content for name, (kind, _, content) in snapshot(BY + "/far").items() if kind == "file" and content}

    def set(self, held):
        self.clear()
        for name, data in held.items():
            os.makedirs(os.path.dirname(f"{BY}/far/{name}"), exist_ok=True)
            with open(f"{BY}/far/{name}", "wb") as f:
                f.write(data)


class Bundles:
    """Objects of a server of turbo's kind, in this process."""
    plugin = "store-http"

    def __init__(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.options = {"url": f"http://127.0.0.1:{self.server.server_address[1]}", "layout": "turbo"}

    def get(self):
        return dict(objects)

    def set(self, held):
        objects.clear()
        objects.update(held)


class Redis:
    """Objects, and the notices of a run, are strings of a Redis server."""
    plugin = "store-redis"

    def __init__(self):
        self.path = BY + "/redis.sock"
        self.options = {"url": "unix://" + self.path}
        self.server = subprocess.Popen(["redis-server", "--port", "0", "--unixsocket", self.path, "--save", "", "--appendonly", "no", "--dir", BY],
                                       stdout=subprocess.DEVNULL)
        atexit.register(self.server.kill)
        self.file = None
        if not until(20, self.connects):
            s.fault("redis-server does not start")

    def connects(self):
        sock = socket.socket(socket.AF_UNIX)
        try:
            sock.connect(self.path)
        except OSError:
            return False
        self.file = sock.makefile("rwb")
        return True

    def ask(self, *words):
        words = [w if isinstance(w, bytes) else w.encode() for w in words]
        self.file.write(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words))
        self.file.flush()
        return self.answer()

    def answer(self):
        line = self.file.readline()
        if line[:1] == b"*":
            return [self.answer() for _ in range(int(line[1:]))]
        if line[:1] == b"$":
            n = int(line[1:])
            return None if n < 0 else self.file.read(n + 2)[:-2]
        return line

    def get(self):
        pairs = ((k, self.ask("GET", k)) for k in sorted(self.ask("KEYS", "*")))
        return {k.decode(): v for k, v in pairs if isinstance(v, bytes) and v[:1] != b"-"}

    def set(self, held):
        self.ask("FLUSHALL")
        for k, v in held.items():
            self.ask("SET", k, v)


ids = {}                               # name of an object on a server of turbo's kind -> the id that vt gives to it


def id_of(name):
    try:
        own = bytes.fromhex(name.replace("/", ":").split(":")[-1])
    except ValueError:
        return b""
    return ids.get(own, own)


def note_ids(held):
    """Such a server names STEPs and RESULTs by a digest of their ids, which are the same in each store."""
    for own in map(id_of, held):
        for space in (3, 7):
            ids[hashlib.sha256(b"vt space %d\0" % space + own).digest()] = own


def sealed_again(held, name, b):
    """Puts what a member of the team could: the object, and all that leads to it."""
    own = id_of(name)
    if b[:4] == STEP and len(b) > 38:
        b[-34:] = b"\1\x20" + seal(TEAM, STEP_DOMAIN, own, hashlib.sha256(b[:-34]).digest())
    elif b[:4] == RESULT and len(b) >= 70:
        b[36:70] = b"\1\x20" + seal(TEAM, RESULT_DOMAIN, own, bytes(b[4:36]))
    elif hashlib.sha256(held[name]).digest() == own:           # a blob: it gets another name, wherever it is named
        new = hashlib.sha256(b).digest()
        del held[name]
        name = name.replace(own.hex(), new.hex()).replace(f"/{own.hex()[:2]}/", f"/{new.hex()[:2]}/")
        for other, data in list(held.items()):
            if data[:4] not in (STEP, RESULT) or own not in data:
                continue
            c = bytearray(data.replace(own, new))
            if data[:4] == STEP:
                at = c.find(new)
                if at >= 37:
                    c[at + 34:at + 66] = seal(TEAM, RESULT_DOMAIN, bytes(c[at - 32:at]), new)
            held[other] = bytes(sealed_again(held, other, c)[1])
    elif b[:4] == BUNDLE:             # a bundle: the RESULT in its head
        at = b.find(RESULT)
        if at > 0 and len(b) >= at + 70:
            b[at + 38:at + 70] = seal(TEAM, RESULT_DOMAIN, own, bytes(b[at + 4:at + 36]))
    return name, b


def configure(store):
    folder = BY + "/home/.config/vt"
    os.makedirs(folder, 0o700, exist_ok=True)
    with open(folder + "/config.json", "w") as f:
        json.dump({"plugins": {"options": {"main": store.options}, "sharing": {"key": TEAM.hex()}}}, f)
    s.file("w/vite-task.json", """{"plugins":{"stores":["store-local",{"use":"%s","as":"main"}]},"tasks":{
        "all":{"command":"true","cache":false,"dependsOn":["build","read","asks"]},
        "build":{"command":"sh build.sh","input":["in","build.sh"],"output":["dist/**"]},
        "read":{"command":"cat in"},
        "asks":{"command":"sh -c \\"echo $A\\"","env":["A"],"input":[]}}}""" % store.plugin)


def run(state, a, words, what):
    s.file("w/in", f"state {state}\n")
    return s.run("run", *words, "all", cwd=os.path.join(s.root, "w"), env=s.environment(A=a), what=what)


def fresh():
    clear("w/.vt"), clear("w/dist")


s.file("w/package.json", '{"name":"r"}')
s.file("w/build.sh", "mkdir -p dist/sub dist/empty; cp in dist/out; cp in dist/sub/out; chmod 750 dist/out; ln -sf out dist/link; "
       "yes \"$(cat in)\" | head -c 200000 >dist/large; echo made $(cat in)")
want, held, words = {}, {}, {}
stores = {"folder": Folder}
built = os.path.dirname(os.path.dirname(s.vt)) + "/plugins-1/vt-"
if os.path.exists(built + "store-http.so"):
    stores["bundles"] = Bundles
if os.path.exists(built + "store-redis.so") and shutil.which("redis-server"):
    stores["redis"] = stores["together"] = Redis
    redis = Redis()
stores = {name: redis if make is Redis else make() for name, make in stores.items()}
for name, store in stores.items():
    words[name] = ["--together=one"] if name == "together" else []
    configure(store)
    store.set({})
    for state in "12":
        for a in "xy":
            fresh()
            rc, out, err = run(state, a, words[name][:0] if a == "x" or name != "together" else ["--together=one"], "the first runs")
            if rc != 0:
                s.fault(f"the first runs: {name}: {rc} {out} {err}")
            if err:                    # a busy machine may find the store too slow
                s.count("warnings at first")
        want[state] = snapshot("w/dist")
    held[name] = store.get()
    if not held[name]:
        s.fault(f"the first runs: {name}: nothing was sent: {err}")
        sys.exit(0)
    s.count(f"objects of {name}", len(held[name]))
    if name == "folder":
        note_ids(held[name])
    # the campaign seals as vt does: what is sealed again without a change stays as it is
    if not any(data[:4] == STEP for data in held[name].values()):
        s.fault(f"the first runs: {name}: no STEP was sent")
    for key, data in held[name].items():
        if sealed_again(dict(held[name]), key, bytearray(data)) != (key, data):
            s.fault(f"the first runs: {name}: {key} is sealed in another way")
names = set(os.listdir("w")) | {"dist", ".vt"}
for i in range(s.rounds):
    kind = s.random.choice(sorted(stores))
    store = stores[kind]
    configure(store)
    fresh()
    there = dict(held[kind])
    name = s.random.choice(sorted(there))
    donor = there[s.random.choice(sorted(there))]
    b = bytearray(donor) if s.random.random() < .05 else s.mutate(there[name], donor)
    again = i % 2 == 1
    changed = bytes(b) != there[name]
    if again:
        name, b = sealed_again(there, name, b)
    there[name] = bytes(b)
    store.set(there)
    state, a = s.random.choice("12"), s.random.choice("xyz")
    story = f"mutant {i} of {kind} {name}{', sealed again' if again else ''}"
    rc, out, err = run(state, a, words[kind], story)
    s.count(f"mutants of {kind}{', sealed again' if again else ''}")
    if rc is None:
        continue
    s.count("hits", out.count("◉ cache hit"))
    if err:
        s.count("warnings")
    forged = again and changed
    if "Sanitizer" in err or "runtime error" in err or rc != 0 and not (forged and kind == "together") or rc not in (0, 1):
        s.fault(f"{story}: rc {rc}: {out[-300:]} {err[-1000:]}")
    wrong = difference(snapshot("w/dist"), want[state]) if os.path.isdir("w/dist") else ["dist is not there"]
    if any(line not in out for line in (f"[r#build] made state {state}\n", f"[r#asks] {a}\n", f"[r#read] state {state}\n")):
        wrong.append("output: " + out)
    if wrong and forged:
        s.count("forged contents that were taken")
    elif wrong:
        s.fault(f"{story}: {wrong}: {err}")
    # a fetched result is near now: it is a hit, or a miss, and right again
    rc, out, err = run(state, a, [], "after " + story)
    if rc is not None and (rc != 0 or "Sanitizer" in err or "runtime error" in err):
        s.fault(f"after {story}: rc {rc}: {out[-300:]} {err[-1000:]}")
    extra = set(os.listdir("w")) - names
    if extra:
        s.fault(f"{story}: files elsewhere: {extra}")
        for e in extra:
            clear(f"w/{e}")
s.end()
