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
vt run t >/dev/null; rm .vt/.gitignore .vt/CACHEDIR.TAG
capture vt run t
is "marks that are missing come back" "$rc:$err:$(cat .vt/.gitignore):$(head -c 9 .vt/CACHEDIR.TAG)" "0::*:Signature"
capture vt cache clean
is "vt cache clean: removes the cache" "$rc:$err:$(ls -d .vt 2>/dev/null)" 0::
finish
