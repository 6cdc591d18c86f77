# A hit's output is read slowly, or not at all: vt holds little of it in memory, prints hits in their order, and obeys a signal.
. "${0%/*}/../../lib/functions.sh" || exit
requires python3
[[ ! ${ASAN_OPTIONS-}${TSAN_OPTIONS-} ]] || skip_all "a sanitizer needs memory of its own"
workspace
pnpm a b c
for p in a b c; do
	file packages/$p/vite-task.json '{"tasks":{"build":{"command":"sh -c \"yes '$p'123456789abcdef | head -c 60000000; echo end of '$p'\"","input":[]}}}'
done
vt run -r build >"$T/first" 2>&1
cat >"$T/slow.py" <<'P'
# slow.py HOW COMMAND...: HOW is read (a pause, then all of it) or signal (never reads, a SIGINT). Prints: what came, peak KiB, status
import hashlib, os, re, signal, subprocess, sys, time
p = subprocess.Popen(sys.argv[2:], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
def of(name):
    return int(re.search(name + r":\s+(\d+)", open(f"/proc/{p.pid}/status").read()).group(1))
def sleeps():
    return open(f"/proc/{p.pid}/stat").read().rsplit(")", 1)[1].split()[0] == "S"
head = os.read(p.stdout.fileno(), 4096)
quiet, before, end = 0, -1, time.time() + 60
while quiet < 20 and time.time() < end:            # until vt does nothing but wait for its reader
    time.sleep(0.05)
    now = sum(int(x) for x in open(f"/proc/{p.pid}/stat").read().rsplit(")", 1)[1].split()[11:13])
    quiet = quiet + 1 if now == before and sleeps() else 0
    before = now
peak = of("VmHWM")
if sys.argv[1] == "signal":
    p.send_signal(signal.SIGINT)
    time.sleep(0.2)
    p.send_signal(signal.SIGINT)                    # the end of the output still waits for a reader: what a signal does to any program
    try: print("ended", peak, 0 if p.wait(30) else 1)
    except subprocess.TimeoutExpired: p.kill(); print("hangs", peak, 1)
    sys.exit()
data = head + p.stdout.read()
lines = data.count(b"123456789abcdef\n")
ends = [x for x in (b"end of a", b"end of b", b"end of c") if x in data]
order = b" ".join(re.findall(rb"packages/(.)\$", data)).decode().replace(" ", "")
runs = re.sub(r"(.)\1+", r"\1", "".join(chr(x[0]) for x in re.findall(rb"^.", b"\n".join(data.split(b"\n")[::1000]), re.M) if x[:1] in b"abc"))
print(f"{lines},{len(ends)},{order == runs or (order, runs)}", max(peak, of("VmHWM") if p.poll() is None else 0), p.wait())
P
slow() { read -r what kib rc <<<"$(_limited 120 python3 "$T/slow.py" "$1" "$VT" run -r --log=interleaved build)"; }
lines=$(grep -c '123456789abcdef$' "$T/first")
slow read
is "each line comes, in the order of the hits" "$what $rc" "$lines,3,True 0"
ok "... with little in memory ($kib KiB)" $((kib > 40000))
slow signal
is "without a reader: signals end the run" "$what" ended
finish
