# A signal comes while a hit restores large outputs: vt ends at once, all of the outputs exist or none, and the next run has them.
. "${0%/*}/../../lib/functions.sh" || exit
requires python3
workspace
file package.json '{"name":"r"}'
file build.sh 'mkdir -p dist; for i in 1 2 3 4; do head -c 120000000 /dev/zero | tr "\0" "$i" >dist/f$i; done'
file vite-task.json '{"tasks":{"build":{"command":"sh build.sh","input":["build.sh"],"output":["dist/**"]}}}'
vt run build >"$T/first" 2>&1
sums=$(cksum dist/*)
cat >"$T/interrupt.py" <<'P'
# Starts the command, sends SIGINT once some of the outputs are being put back; prints the status and the milliseconds from there
import glob, os, signal, subprocess, sys, time
p = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
def busy():
    return any(os.path.getsize(f) > 1 << 20 for f in glob.glob(".vt/v*/tmp/*/.vt-*") + glob.glob("dist/.vt-*") if os.path.exists(f))
end = time.time() + 60
while time.time() < end and p.poll() is None:
    try:
        if busy(): break
    except OSError: pass
    time.sleep(0.001)
began = time.time()
p.send_signal(signal.SIGINT)
err = p.communicate(timeout=60)[1].decode()
print(p.returncode, int((time.time() - began) * 1000), err.replace("\n", " "))
P
rm -rf dist
read -r rc took err <<<"$(_limited 120 python3 "$T/interrupt.py" "$VT" run build)"
is "interrupted: the status says so" "$rc $err" "130 "
ok "... long before all would have been put back: $took ms" $((took > 4000))
is "... no output is in place" "$(ls dist 2>/dev/null)" ""
is "... no unfinished file stays" "$(find . -path ./.vt -prune -o -name '.vt-*' -print)" ""
capture vt run build
has "the next run is a hit" "$rc $out" "cache hit"
is "... that has all of them" "$(cksum dist/*)" "$sums"
finish
