# A full disk: the run goes on, with one warning at most; results kept before stay whole,
# and with room the next run keeps everything.
. "${0%/*}/../../lib/functions.sh" || exit
own_mounts
disk() { mkdir -p "$2"; mount -t tmpfs -o "size=$1,mode=700" none "$2" || exit 99; }
grow() { mount -o "remount,size=$1" "$2"; }
warnings() { printf '%s\n' "$err" | grep -c '^warning: '; }
hits() { printf '%s\n' "$out" | grep -o '[0-9]*/[0-9]* cache hit' || true; }
made() { echo "$(cat packages/*/dist/small | tr '\n' ' ')$(cat packages/*/dist/large | wc -c)"; }

project() {
	workspace
	pnpm a b
	file packages/b/package.json '{"name":"b","dependencies":{"a":"workspace:*"}}'
	for p in a b; do
		file packages/$p/in "$p 1"
		file packages/$p/build.sh 'mkdir -p dist; head -c 200000 /dev/zero | tr "\\0" "$(cut -c3 in)" >dist/large; cp in dist/small; echo "env=$E"; cat in'
		file packages/$p/vite-task.json '{"tasks":{"build":{"command":"sh build.sh","env":["E"],"input":["in"],"output":["dist/**"]},"bad":{"command":"sh -c \"exit 3\"","input":[]}}}'
	done
}
# litter FOLDER: lists unfinished files
litter() { [ ! -d "$1" ] || ( cd "$1" && find . \( -name 'new-*' -o -name '*.new' -o -path '*/tmp/*' -o -name '*.??????' ! -name .gitignore \) -type f ); }

# each number of free pages: none, enough for the key, for the log, for one blob, ...
project
C=$T/disk/cache
export E=1
most=0 codes= wrong= after= dirty=
for pages in 1 2 3 4 5 6 8 10 14 52 60 110; do
	disk $((pages * 4))k "$T/disk"
	rm -rf packages/*/dist
	with VT_CACHE_DIR="$C" E=1 capture vt run -r build
	codes="$codes$rc" n=$(warnings)
	[ $n -le $most ] || most=$n
	[ -z "$err" ] || echo "# $pages pages: $err"
	[ "$(made)" = "a 1 b 1 400000" ] || wrong="$wrong $pages"
	[ -z "$(litter "$C")" ] || dirty="$dirty $pages: $(litter "$C")"
	# with room: right, silent, and complete again
	grow 16m "$T/disk"
	rm -rf packages/*/dist
	with VT_CACHE_DIR="$C" E=1 capture vt run -r build
	[ "$rc:$err:$(made)" = "0::a 1 b 1 400000" ] || after="$after $pages: $rc $err $(made)"
	rm -rf packages/*/dist
	with VT_CACHE_DIR="$C" E=1 capture vt run -r build
	[ "$rc:$err:$(made):$(hits)" = "0::a 1 b 1 400000:2/2 cache hit" ] || after="$after $pages: $rc $err $(made) $(hits)"
	umount "$T/disk"
done
is "room for some of it: each run succeeds" "${codes//0/}" ""
is "... makes what it should" "$wrong" ""
is "... prints one warning at most" "$most" 1
is "... leaves no unfinished file" "$dirty" ""
is "... and with room the next run keeps everything" "$after" ""

# the cache was good before the disk became full
disk 16m "$T/disk"
with VT_CACHE_DIR="$C" E=1 capture vt run -r build
head -c 64m /dev/zero >"$T/disk/ballast" 2>/dev/null
is "the disk is full" "$(stat -f -c %a "$T/disk")" 0
rm -rf packages/*/dist
for i in 1 2; do
	with VT_CACHE_DIR="$C" E=1 capture vt run -r build
	is "run $i on it: kept results are hits" "$rc:$(hits):$(made)" "0:2/2 cache hit:a 1 b 1 400000"
	is "... without a warning" "$err" ""
done
echo "a 2" >packages/a/in
with VT_CACHE_DIR="$C" E=1 capture vt run --concurrency-limit 1 -r build
is "one input changed: its task runs, the other is a hit" "$rc:$(hits):$(made)" "0:1/2 cache hit:a 2 b 1 400000"
is "... one warning tells that nothing more is kept" "$err" "warning: plugin 'store-local': cannot write to the cache: No space left on device; nothing more is kept there in this run"
with VT_CACHE_DIR="$C" E=1 capture vt run a#bad
is "a task that fails has its own exit code" "$rc:$err" 3:
with VT_CACHE_DIR="$C" capture vt run --last-details
has "the last summary that could be written can be read" "$out" "2 tasks • 0 cache hits • 2 cache misses"
# the output of a task is held in memory, then in a file
file packages/a/much.sh 'head -c 3000000 /dev/zero | tr "\0" x; echo; exit 0'
file packages/a/vite-task.json '{"tasks":{"much":{"command":"sh much.sh","input":[]}}}'
for log in interleaved labeled grouped; do
	with VT_CACHE_DIR="$C" capture vt run --log=$log a#much
	is "$log: all of a long output is shown" "$rc:$(tr -dc x <"$T/out" | wc -c)" 0:3000000
	hasnt "$log: ... the run was not kept" "$out" "◉"
done
file packages/a/vite-task.json "$(cat packages/b/vite-task.json)"
rm "$T/disk/ballast"
echo "a 1" >packages/a/in
with VT_CACHE_DIR="$C" E=1 capture vt run -r build
is "with room again: what was kept is a hit" "$rc:$(hits):$(made):$err" "0:2/2 cache hit:a 1 b 1 400000:"
is "... no unfinished file was left" "$(litter "$C")" ""
umount "$T/disk"

# no room for the outputs that a hit would restore: the task runs
project
cd packages/a || exit 99
file build.sh 'mkdir -p dist; rm -f ballast; head -c 200000 /dev/zero >dist/large && cp in dist/small || exit 5; cat in'
disk 16m "$W/packages/a/dist"
for where in beside .vt; do
	rm -rf dist/*
	with VT_CACHE_DIR="$T/$where" E=1 vt run build >/dev/null
	rm -rf dist/*
	head -c 64m /dev/zero >dist/ballast 2>/dev/null
	with VT_CACHE_DIR="$T/$where" E=1 capture vt run build
	hasnt "outputs that cannot be put back: no hit" "$out" "◉"
	is "... the task runs, and has its own exit code" "$rc" 5
	has "... the reason is told" "$(steps)" "○ cache miss: output-restore: cannot write 'packages/a/dist/large': No space left on device, executing"
	is "... no warning blames the cache" "$(warnings)" 0
	rm -f dist/ballast
	is "... no unfinished file is left" "$(ls -A dist | grep -v large)" ""
	rm -f dist/large           # the failed task left half of it
	with VT_CACHE_DIR="$T/$where" E=1 capture vt run build
	has "with room again: a hit" "$out" "◉ cache hit, replaying"
	is "... that restores all of it" "$(cat dist/small):$(wc -c <dist/large)" "a 1:200000"
done
ln -s dist/ballast ballast
file build.sh 'rm -f dist/ballast; head -c 200000 /dev/zero >dist/large; cp in dist/small; cat in'
with E=1 vt run build >/dev/null
rm -rf dist/*
head -c 64m /dev/zero >dist/ballast 2>/dev/null
with E=1 capture vt run build
is "a task that makes room for itself: runs" "$rc:$(printf '%s\n' "$out" | grep -xc 'a 1'):$(wc -c <dist/large)" "0:1:200000"
has "... and is not kept, because a restore would have less room" "$out" "a#build not cached because there was no room to put its outputs back"
umount "$W/packages/a/dist"
finish
