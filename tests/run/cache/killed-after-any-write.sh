# A run stores its result in such an order that it may be killed after any write: once the
# entry is written, all files that it names exist, and the next run is a hit; before, the next run is a miss.
. "${0%/*}/../../lib/functions.sh" || exit
requires python3
workspace
file package.json '{"name":"r"}'
file vite-task.json '{"tasks":{"build":{"command":"sh build.sh","input":["in"],"output":["dist/**"]}}}'
file in 1
file build.sh 'mkdir -p dist; cp in dist/small; head -c 200000 /dev/zero >dist/large; seq 9999 >dist/middle; echo "built $(cat in)"'
capture vt run build
# prints the places in the log where a record ends ("END SPACE"), and half of each record
cat >"$T/records.py" <<'P'
import struct, sys
d = open(sys.argv[1], "rb").read()
at = 16
while at < len(d):
    magic, kind, space, _, day, size = struct.unpack_from("<IBBHII", d, at)
    assert magic == 0x31727476, at
    end = at + 56 + (size + 7) // 8 * 8
    print(at + 56 + size // 2, "half")
    print(end, {1: "blob", 7: "entry"}[space])
    at = end
P
cp -a .vt "$T/whole"
python3 "$T/records.py" .vt/store-2/log >"$T/records"
[ "$(grep -c blob "$T/records")" -ge 2 ] && grep -q entry "$T/records"
ok "blobs and an entry were kept" $?
known=no wrong=
while read -r end what; do
	[ $what != entry ] || known=yes
	rm -rf .vt dist; cp -a "$T/whole" .vt
	truncate -s "$end" .vt/store-2/log
	capture vt run build
	[ "$rc:$err:$(cat dist/small):$(wc -c <dist/large):$(wc -l <dist/middle)" = "0::1:200000:9999" ] || wrong="$wrong
$end $what: $rc $err"
	hit=no; [[ $out != *"◉ cache hit"* ]] || hit=yes
	[ $hit = $known ] || wrong="$wrong
$end $what: a hit: $hit, the entry is there: $known"
	rm -rf dist
	capture vt run build
	[[ $rc:$err == 0: && $out == *"◉ cache hit"* ]] || wrong="$wrong
$end $what: no hit afterwards: $err"
done <"$T/records"
is "killed after any of $(grep -c . "$T/records") writes" "$wrong" ""
# a large blob is a file of its own, written before its record in the log
rm -rf .vt dist; cp -a "$T/whole" .vt
rm .vt/store-2/log
capture vt run build
is "only the large ones were written" "$rc:$err:$(cat dist/small):$(wc -c <dist/large)" "0::1:200000"
finish
