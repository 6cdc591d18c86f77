# Each damage to the cache: the task runs, prints what is true, and exits with its own code.
. "${0%/*}/../../lib/functions.sh" || exit
requires python3
workspace
file package.json '{"name":"r"}'
file vite-task.json '{"tasks":{"build":{"command":"sh build.sh","input":["in"],"output":["dist/**"]}}}'
file in 1
file build.sh 'mkdir -p dist; cp in dist/small; head -c 200000 /dev/zero >dist/large; echo "built $(cat in)"'
fresh() { rm -rf .vt dist; vt run build >/dev/null; }
good() {                       # good STORY: it ran or was replayed, rightly; afterwards it hits
	capture vt run build
	is "$1: exit code, output" "$rc:$(printf '%s\n' "$out" | grep -v '^\$\|^$\|^---\|^vt run')" "0:built 1"
	is "... the files are whole" "$(cat dist/small):$(wc -c <dist/large):$(tr -d '\0' <dist/large | wc -c)" "1:200000:0"
	capture vt run build
	has "... and the next run hits" "$out" '◉ cache hit'
	is "... without a word" "$err" ""
}

fresh; truncate -s 30 .vt/store-2/log; good "log cut"
fresh; truncate -s -7 .vt/store-2/log; good "log torn"
fresh; echo garbage >.vt/store-2/log; good "log replaced"
fresh; rm .vt/store-2/log; good "log gone"
fresh; rm -rf dist .vt/store-2/files; good "blobs gone"
fresh; rm -rf dist; find .vt/store-2/files -type f -exec truncate -s 1000 {} +; good "blobs cut"
fresh; rm -rf dist; for f in $(find .vt/store-2/files -type f); do printf x | dd of="$f" bs=1 seek=5000 conv=notrunc 2>/dev/null; done; good "a blob altered"
fresh; rm .vt/v2/stat; good "stat index gone"
fresh; echo junk >.vt/v2/stat; good "stat index replaced"
fresh; echo junk >.vt/v2/history; good "history replaced"
fresh; rm .vt/v2/key; good "key gone"
fresh; rm -rf .vt/v2; good "the core's own folder gone"
fresh; rm .vt/CACHEDIR.TAG .vt/.gitignore; good "marks gone"

cat >"$T/flip.py" <<'P'
import subprocess, sys, random, os, shutil
vt = sys.argv[1]
random.seed(int(os.environ["SEED"]))
log = open(".vt/store-2/log", "rb").read()
bad = []
for i in range(60):
    d = bytearray(log)
    at = random.randrange(16, len(d))
    d[at] ^= 1 << random.randrange(8)
    open(".vt/store-2/log", "wb").write(d)
    if i % 2: shutil.rmtree("dist", ignore_errors=True)
    r = subprocess.run([vt, "run", "build"], capture_output=True, text=True, timeout=300)
    if r.returncode != 0 or "built 1" not in r.stdout or open("dist/small").read() != "1\n" or open("dist/large", "rb").read() != bytes(200000):
        bad.append((at, r.returncode, r.stdout, r.stderr))
print(len(bad), bad[:2] if bad else "")
P
fresh
seed
is "60 flipped bits: every output is right" "$(with SEED="$SEED" base_env python3 "$T/flip.py" "$VT")" "0 "

fresh
python3 - <<'P'
# results of one key under another's name
import re
p = ".vt/store-2/log"
d = open(p, "rb").read()
open(p, "wb").write(d.replace(b"vtR1", b"vtR9"))
P
good "a result of an unknown format"

file vite-task.json '{"tasks":{"build":{"command":"sh -c \"rm -rf .vt; sh build.sh\"","input":["in"],"output":["dist/**"]}}}'
rm -rf .vt dist
capture vt run build
is "the cache is deleted during the run" "$rc:$(cat dist/small)" 0:1
file vite-task.json '{"tasks":{"build":{"command":"sh build.sh","input":["in"],"output":["dist/**"]}}}'

rm -rf .vt; mkdir .vt; chmod 777 .vt
capture vt run build
is "a cache that others may write to is not used: the task runs" "$rc" 0
has "... with one warning" "$err" "others may write to"
rm -rf .vt; echo file >.vt
capture vt run build
is "a file in place of the cache: the task runs" "$rc:$(printf '%s\n' "$out" | tail -1)" "0:built 1"
is "... with one warning" "$(printf '%s\n' "$err" | grep -c .)" 1
rm -f .vt
mkdir "$T/mine"; echo precious >"$T/mine/file"
with VT_CACHE_DIR="$T/mine" capture vt run build
is "a folder without vt's tag is not used as a cache" "$rc:$(ls -A "$T/mine")" "0:file"
with VT_CACHE_DIR=relative capture vt run build
is "a relative VT_CACHE_DIR is an error" "$rc" 1
rm -rf dist
( ulimit -f 100; trap '' XFSZ; vt run build ) >"$T/out" 2>"$T/err"; rc=$?
out=$(cat "$T/out")
has "no room for the outputs: the task runs" "$out" "built 1"
# the log of a later version of vt is not taken for damage
rm -rf dist .vt; vt run build >/dev/null 2>&1
printf 'vtlog2\n\0' | dd of=.vt/store-2/log conv=notrunc 2>/dev/null
sum=$(cksum <.vt/store-2/log)
capture vt run build
is "a log of a later version: it runs" "$rc:$(cat dist/small)" 0:1
is "... with one warning" "$(printf '%s\n' "$err" | grep -c .)" 1
has "... that says what to do" "$err" "vt cache clean"
is "... and the log is as it was" "$(cksum <.vt/store-2/log)" "$sum"
finish
