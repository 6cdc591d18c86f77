# With --log grouped a task's output stays one block, also when it is long and read slowly, or not at all: vt holds little of it
# in memory, goes on with other tasks, and obeys a signal.
. "${0%/*}/../../lib/functions.sh" || exit
requires python3
[[ ! ${ASAN_OPTIONS-}${TSAN_OPTIONS-} ]] || skip_all "a sanitizer needs memory of its own"
workspace
pnpm a b c d
# a and b print at the same time; c also has a task with a timeout, d fails, and the task after waits for a
many() { echo "sh -c \\\"$2 yes $1-123456789abcdef | head -c 40000000; echo end of $1\\\""; }
file packages/a/vite-task.json '{"tasks":{"build":{"command":"'"$(many a "touch ../../a;")"'","input":[]},"after":{"command":"touch ../../after","dependsOn":["build"],"cache":false}}}'
file packages/b/vite-task.json '{"tasks":{"build":{"command":"'"$(many b "touch ../../b;")"'","cache":false}}}'
file packages/c/vite-task.json '{"tasks":{"build":{"command":"sh -c \"echo c; touch ../../c\"","cache":false},"slow":{"command":"sh -c \"echo $$ >../../pid; sleep 300\"","timeout":"1s","cache":false}}}'
file packages/d/vite-task.json '{"tasks":{"build":{"command":"sh -c \"echo d; exit 3\"","cache":false}}}'
cat >"$T/slow.py" <<'P'
# slow.py HOW COMMAND...: reads nothing until FILE... are there and vt does nothing but wait. HOW: read (all of it then), signal (a TERM,
# then another), timeout (until the process in ./pid is gone). Prints: what came, peak KiB, status
import os, re, signal, subprocess, sys, time
how, files, command = sys.argv[1], sys.argv[2].split(), sys.argv[3:]
p = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
def status(pid, name):
    return int(re.search(name + r":\s+(\d+)", open(f"/proc/{pid}/status").read()).group(1))
def stat():
    return open(f"/proc/{p.pid}/stat").read().rsplit(")", 1)[1].split()
end = time.time() + 90
quiet, before = 0, -1
while quiet < 20 and time.time() < end:
    time.sleep(0.05)
    fields = stat()
    now = int(fields[11]) + int(fields[12])
    quiet = quiet + 1 if now == before and fields[0] == "S" and all(os.path.exists(f) for f in files) else 0
    before = now
peak = status(p.pid, "VmHWM")
if how == "timeout":
    while not os.path.exists("pid") and time.time() < end: time.sleep(0.05)
    while not os.path.exists("pid") or not open("pid").read().strip(): time.sleep(0.05)
    pid = int(open("pid").read())
    while os.path.exists(f"/proc/{pid}") and time.time() < end: time.sleep(0.05)
    print("lives" if os.path.exists(f"/proc/{pid}") else "over", peak, 0)
    p.kill()
    sys.exit()
if how == "signal":
    p.send_signal(signal.SIGTERM)
    time.sleep(0.2)
    p.send_signal(signal.SIGTERM)                    # the end of the output still waits for a reader: what a signal does to any program
    try: p.wait(30); print("ended", peak, 0)
    except subprocess.TimeoutExpired: p.kill(); print("hangs", peak, 1)
    sys.exit()
data = p.stdout.read()
_, code, usage = os.wait4(p.pid, 0)
blocks = re.findall(r"── \[(.)#", re.sub(r"\x1b\[[0-9;]*m", "", data.decode()))
lines = [x[:1] for x in data.split(b"\n") if x.endswith(b"-123456789abcdef")]
turns = 1 + sum(1 for x, y in zip(lines, lines[1:]) if x != y) if lines else 0
ends = b"".join(sorted(re.findall(rb"end of (.)$", data, re.M))).decode()
print(f"{len(lines)},{turns},{ends},{''.join(sorted(blocks))}", max(peak, usage.ru_maxrss), os.waitstatus_to_exitcode(code))
P
slow() { read -r what kib rc <<<"$(_limited 120 python3 "$T/slow.py" "$1" "$2" "$VT" "${@:3}")"; }
each=$(yes a-123456789abcdef | head -c 40000000 | grep -c 'def$')
slow read "a b c" run -r --log grouped --continue --filter a --filter b --filter c build
is "each block comes whole, one after the other" "$what $rc" "$((2 * each)),2,ab,abc 0"
ok "... with little in memory ($kib KiB)" $((kib > 40000))
rm -f a b c
slow read "a" run --log grouped a#build
is "the block of a hit: comes whole" "$what $rc" "$each,1,a,a 0"
rm -rf .vt a b c after
slow timeout "b" run-many --log grouped --continue b#build c#slow
is "the time of another task goes on" "$what" over
rm -rf .vt a b c after pid
slow signal "b" run-many --log grouped --continue b#build c#build
is "without a reader: signals end the run" "$what" ended
rm -rf .vt a b c after
slow read "b" run-many --log grouped --continue=always b#build d#build
is "a failure behind a long block is told, and its status counts" "$what $rc" "$each,1,b,bd 3"
rm -rf .vt a b c after
(_limited 120 "$VT" run-many --log grouped a#after; echo $? >"$T/rc") 2>&1 | head -c 100000 >/dev/null
isnt "a reader that leaves in the middle of a block ends the task" "$(cat "$T/rc")" 0
gone "... and what waits for it does not run" after
finish
