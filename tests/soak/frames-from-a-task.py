"""A task sends frames of any kind, size and order down its channel: vt answers or closes, goes on serving others, and tells the truth."""
import os, sys
from soak import *

if len(sys.argv) > 1 and sys.argv[1] == "task":
    import random, socket, struct
    seed, frames = int(sys.argv[2]), int(sys.argv[3])
    chance = random.Random(seed)
    name = os.environ["VP_RUN_IPC_NAME"]
    token = os.path.basename(name).encode()
    types = [1, 2, 3, 4, 5, 6, 7, 0x81, 0x85, 0x86, 0x87, 0xff, 0, 0x42]

    def text():
        kind = chance.randrange(6)
        if kind == 0: return b"/" + b"x" * chance.randrange(5000)
        if kind == 1: return bytes(chance.randrange(256) for _ in range(chance.randrange(64)))
        if kind == 2: return b"A\0B"
        if kind == 3: return b"{a,b}" * chance.randrange(50) + b"[!" + b"*" * chance.randrange(100)
        if kind == 4: return os.fsencode(os.getcwd()) + b"/in"
        return b"HOME"

    def frame():
        kind = chance.choice(types)
        body = b""
        if kind == 1:
            hexes = token[-32:] if chance.random() < .5 else b"0" * 32
            try: raw = bytes.fromhex(hexes.decode())
            except ValueError: raw = hexes[:16].ljust(16, b"?")
            body = b"VTI1" + struct.pack("<HH", chance.randrange(3), chance.randrange(3)) + raw
        elif kind in (2, 3, 5):
            t = text()
            body = struct.pack("<I", len(t) if chance.random() < .9 else chance.randrange(1 << 32)) + t
        elif kind == 6:
            t = text()
            body = bytes([chance.randrange(4)]) + struct.pack("<I", len(t)) + t
        elif chance.random() < .3:
            body = bytes(chance.randrange(256) for _ in range(chance.randrange(200)))
        length = len(body) + 4
        if chance.random() < .1: length = chance.choice([0, 1, 3, 4, 5, 0xffffffff, 1 << 20, (1 << 20) + 1, length + 7, max(0, length - 3)])
        whole = struct.pack("<IBBH", length & 0xffffffff, kind, chance.choice([0, 0, 1, 2, 255]), 0 if chance.random() < .95 else 7) + body
        if chance.random() < .1: whole = whole[:chance.randrange(len(whole) + 1)]
        if chance.random() < .1:
            at = chance.randrange(len(whole) or 1)
            whole = whole[:at] + bytes([chance.randrange(256)]) + whole[at + 1:]
        return whole

    sent = 0
    while sent < frames:
        c = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        c.settimeout(0.05)
        c.connect(name)
        try:
            if chance.random() < .8:
                raw = b"VTI1" + struct.pack("<HH", 1, 1) + (bytes.fromhex(token[-32:].decode()) if len(token) >= 32 and all(x in b"0123456789abcdef" for x in token[-32:]) else bytes(16))
                c.sendall(struct.pack("<IBBH", len(raw) + 4, 1, 0, 0) + raw)
            for _ in range(chance.randrange(1, 60)):
                data = frame()
                sent += 1
                while data:
                    n = chance.choice([1, 3, len(data), len(data)])
                    c.sendall(data[:n]); data = data[n:]
                if chance.random() < .2:
                    try: c.recv(1 << 16)
                    except TimeoutError: pass
        except OSError:
            pass
        c.close()
    sys.exit(0)

s = Soak()
s.file("package.json", '{"name":"r"}')
s.file("in", "1\n")
EACH = 500
left, i = s.rounds, 0
while left > 0:
    n = min(EACH, left)
    left -= n
    seed = s.seed * 1000 + i
    i += 1
    s.file("vite-task.json", '{"tasks":{"t":{"command":"sh task.sh","input":["in"],"output":["made"]}}}')
    s.file("task.sh", f"""python3 -B {os.environ['SOAK_BY']}/frames-from-a-task.py task {seed} {n} || exit 9
echo asked: $({s.vt} client get-env A)
cp in made
""")
    s.file("in", f"{i}\n")
    rc, out, err = s.run("run", "t", env=s.environment(A=f"value-{i}"), what=f"task {i}", limit=300)
    s.count("frames", n)
    s.count("tasks")
    if rc != 0 or f"asked: value-{i}" not in out or open("made").read() != f"{i}\n":
        s.fault(f"task {i}, seed {seed}: rc {rc}: {out[-500:]} {err[-500:]}")
s.end()
