# No room to restore the files of a result: the task runs, and that run is not kept.
. "${0%/*}/../../lib/functions.sh" || exit
own_mounts
status() { case $out in *'cache hit, replaying'*) echo hit ;; *) echo ran ;; esac; }
task() { workspace; file package.json '{"name":"w"}'; file vite-task.json "{\"tasks\":{\"t\":{\"command\":\"sh t.sh\"${1:+,$1}}}}"; cat >t.sh; }

task '"output":["dist/**"]' <<'SH'
mkdir -p dist; head -c 2000000 /dev/urandom >dist/x; :
SH
mkdir dist
mount -t tmpfs -o size=4m none dist || exit 99
capture vt run t
is "a large product: kept" "$rc" 0
capture vt run t
is "... and hits" "$(status)" hit
rm -f dist/x; head -c 3500000 /dev/zero >dist/ballast
cp vite-task.json keep.json
capture vt run -v t
is "no room for it: the task runs" "$(status)" ran
has "... it is not kept, and the reason is told" "$out" "Not cached: there was no room to put its outputs back"
rm -f dist/ballast dist/x
capture vt run t
is "... with room the earlier result hits" "$(status) $(wc -c <dist/x)" "hit 2000000"
umount dist
finish
