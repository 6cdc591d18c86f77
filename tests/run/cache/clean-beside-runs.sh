# vt cache clean beside runs that start: the cache that is left works, git ignores it, and it can be cleaned again.
. "${0%/*}/../../lib/functions.sh" || exit
requires git
workspace
file package.json '{"name":"r"}'
file vite-task.json '{"tasks":{"t":{"command":"sh t.sh","input":["t.sh"],"output":["d/**"]}}}'
file t.sh 'mkdir -p d; for i in $(seq 1 20); do head -c 70000 /dev/zero >d/$i; done'
git init -q . || exit 99
bad=
for try in $(seq 1 15); do
	echo "#$try" >>t.sh; vt run t >/dev/null 2>&1
	for k in 1 2 3 4; do vt run t >"$T/o$k" 2>&1 & done
	capture vt cache clean; [ $rc = 0 ] || bad="$bad $try: clean: $err"
	wait
	for k in 1 2 3 4; do grep -q 'error' "$T/o$k" && bad="$bad $try: $(cat "$T/o$k")"; done
	[ ! -d .vt ] || { [ -e .vt/CACHEDIR.TAG ] && [ -e .vt/.gitignore ]; } || bad="$bad $try: left without its marks: $(ls -A .vt | tr '\n' ' ')"
	[ -z "$(git status --short .vt)" ] || bad="$bad $try: git sees it"
done
is "all runs and all cleans are right, and the marks are there" "$bad" ""
# another run is about to write its summary all the time, under a name for a while
if command -v python3 >/dev/null; then
	file "$T/writes.py" 'import os, sys, time
d, end = os.open(".vt", os.O_RDONLY), time.time() + 0.2
try:
    while time.time() < end:
        os.close(os.open("last-summary.0123abcd", os.O_WRONLY | os.O_CREAT, 0o600, dir_fd=d))
        open(sys.argv[1], "w").close()
        until = time.time() + 0.0003
        while time.time() < until: pass
        os.rename("last-summary.0123abcd", "last-summary", src_dir_fd=d, dst_dir_fd=d)
except FileNotFoundError: pass'
	bad= left=0
	for try in $(seq 1 20); do
		vt run t >/dev/null 2>&1; rm -f "$T/on"
		python3 "$T/writes.py" "$T/on" & writer=$!
		until_true [ -e "$T/on" ]
		capture vt cache clean; [ $rc = 0 ] || bad="$bad $try: clean: $err"
		wait $writer
		[ ! -d .vt ] || { left=$((left + 1)); [ -e .vt/CACHEDIR.TAG ] && [ -e .vt/.gitignore ]; } || bad="$bad $try: left without its marks: $(ls -A .vt | tr '\n' ' ')"
	done
	is "a file that is being written: the marks are there ($left times it stayed)" "$bad" ""
else skip "a file that is being written" "python3 is not installed"; fi
vt run t >/dev/null; rm .vt/.gitignore .vt/CACHEDIR.TAG
capture vt run t
is "marks that are missing come back" "$rc:$err:$(cat .vt/.gitignore):$(head -c 9 .vt/CACHEDIR.TAG)" "0::*:Signature"
capture vt cache clean
is "vt cache clean: removes the cache" "$rc:$err:$(ls -d .vt 2>/dev/null)" 0::
finish
