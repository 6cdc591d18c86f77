# Killed at any moment: afterwards no wrong hit, no partial output that counts as
# whole, no litter older than the next run. KILLS=200 by default.
. "${0%/*}/../../lib/functions.sh" || exit
requires python3
workspace
file pnpm-workspace.yaml 'packages: ["packages/*"]'
for p in a b c; do
	file packages/$p/package.json "{\"name\":\"$p\"}"
	file packages/$p/build.sh 'mkdir -p dist; cat src/* >dist/one; i=0; while [ $i -lt 40 ]; do echo "$i $(cat src/in)" >>dist/many.$$; i=$((i + 1)); done; mv dist/many.$$ dist/many; wc -c <dist/many'
	mkdir -p packages/$p/src
	file packages/$p/vite-task.json '{"tasks":{"build":{"command":"sh build.sh","input":["src/**","build.sh"],"output":["dist/**"]}}}'
done
cat >"$T/kill.py" <<'P'
import os, random, signal, subprocess, sys, time
vt, root, kills = sys.argv[1], sys.argv[2], int(sys.argv[3])
random.seed(int(os.environ["SEED"]))
env = {k: v for k, v in os.environ.items()}
def expect(p, content):
    return content.encode(), b"".join(b"%d %s\n" % (i, content.encode()) for i in range(40))
def run(**kw):
    return subprocess.Popen([vt, "run", "-r", "build"], cwd=root, env=env, stdin=subprocess.DEVNULL, **kw)
# tasks of the run that was killed may still be writing until their supervisor has ended them
def remove(d):
    while subprocess.run(["rm", "-rf", d], stderr=subprocess.DEVNULL).returncode: time.sleep(.01)
for p in 'abc': open(f'{root}/packages/{p}/src/in', 'w').write('content 0')
t = time.monotonic(); run(stdout=subprocess.DEVNULL).wait(300); whole = time.monotonic() - t
bad = []
for k in range(kills):
    want = {}
    for p in "abc":
        want[p] = "content %d" % random.randrange(4)
        with open(f"{root}/packages/{p}/src/in", "w") as f: f.write(want[p])
        if random.random() < .5: remove(f"{root}/packages/{p}/dist")
    r = run(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(random.random() * whole)
    r.send_signal(signal.SIGKILL); r.wait()
    if k % 4: continue                         # several kills in a row, then look
    q = run(stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = q.communicate(timeout=300)
    if q.returncode or err: bad.append(f"kill {k}: rc {q.returncode}: {err[-300:]}")
    for p in "abc":
        one, many = expect(p, want[p])
        for name, w in (("one", one), ("many", many)):
            try: got = open(f"{root}/packages/{p}/dist/{name}", "rb").read()
            except OSError as e: got = str(e).encode()
            if got != w: bad.append(f"kill {k}: {p}/dist/{name} is not what its sources say: {got[:60]!r} for {w[:60]!r}\n{out.decode(errors='replace')}")
    if bad: break
for b in bad: print(b)
print("looked after", k + 1)
P
n=${KILLS:-200}
seed
with SEED="$SEED" base_env timeout 900 python3 "$T/kill.py" "$VT" "$W" "$n" >"$T/kill.out" 2>&1
is "after $n kills: each result is what its sources say" "$(cat "$T/kill.out")" "looked after $n"
# the supervisors of the killed runs have ended
left() { pgrep -f "$W" | grep -c .; }
until_true eval '[ "$(left)" = 0 ]'
# a run at the end, which executes a task: files that the kills left are gone, and everything hits
echo "after all kills" >packages/a/src/in
capture vt run -r build
has "after all kills: a run that has something to do runs it" "$out" "packages/a\$ sh build.sh ○ cache miss: "
capture vt run -r build
has "... the cache still hits" "$out" "3/3 cache hit"
is "... no temporary file is in the workspace" "$(find . -path ./.vt -prune -o -name '.*' ! -name . -print -o -name '*tmp*' -print | grep -v '^./.gitignore$' || true)" ""
# (files that a killed run was writing stay for an hour: tests/run/cache/clean-and-stat.sh)
left=$(cd .vt && find . -type f | grep -vxE './(v2/(key|stat|history|ledger)(\.[0-9A-Za-z]{6,8})?|v2/counts|v2/last/[0-9a-f]{64}(\.[0-9A-Za-z]{6,8})?|store-2/(log|lock|about|index|files/../[0-9a-f]{64})|last-summary(\.[0-9A-Za-z]{6,8})?|CACHEDIR.TAG|.gitignore)')
is "... none is in the cache" "$left" ""
# endpoints of the killed runs are swept
is "... no endpoint outlives the next run that makes one" "$(find "$T/run" -name 's*' -type s | wc -l)" 0
is "... no process is left" "$(left)" 0
finish
