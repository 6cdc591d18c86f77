# A disk with little room left: results that were unused for two days give way to new ones, results
# in use do not, and as much stays free as the option `free` says.
. "${0%/*}/../../lib/functions.sh" || exit
own_mounts
age() { "$abs_top_builddir/tests/plugins/age-store" "$C/store-2" "$1" || ok "the store is aged" 1; }
available() { echo $(($(stat -f -c '%a * %S' "$T/disk"))); }
# leave BYTES: fills the disk with a file outside the cache, except for BYTES
leave() { rm -f "$T/disk/ballast"; head -c $(($(available) - $1)) /dev/zero >"$T/disk/ballast"; }
hits() { printf '%s\n' "$out" | grep -c '◉ cache hit'; }
# package NAME [DEPENDENCY]: makes a package whose outputs cannot be compressed
package() {
	local needs=
	[ $# = 1 ] || needs=",\"dependencies\":{\"$2\":\"workspace:*\"}"
	file packages/$1/package.json "{\"name\":\"$1\"$needs}"
	head -c 150000 /dev/urandom >packages/$1/in
	file packages/$1/vite-task.json '{"tasks":{"build":{"command":"sh -c \"mkdir -p dist; cp in dist/out; head -c 30000 in >dist/small\"","input":["in"],"output":["dist/**"]}}}'
}
is_made() { local p; for p in packages/*; do cmp -s $p/in $p/dist/out || echo "$p"; done; }
run() { with VT_CACHE_DIR="$C" capture vt run "$@"; }
# begin DAYS: makes a new disk of 16 MiB, of which KEEP is a twentieth, and results of a b c d that are DAYS old
KEEP=$((16 * 1024 * 1024 / 20))
C=$T/disk/cache
begin() {
	mountpoint -q "$T/disk" && umount "$T/disk"
	mkdir -p "$T/disk" "$T/home/.config/vt"; mount -t tmpfs -o size=16m,mode=700 none "$T/disk" || exit 99
	rm -f "$T/home/.config/vt/config.json"
	workspace
	file pnpm-workspace.yaml 'packages: ["packages/*"]'
	for p in a b c d; do package $p; done
	run -r build
	age $1
}

begin 5
package e
leave $((KEEP + 100000))
run e#build
is "old results give way without a word" "$rc:$err" 0:
is "... to the new result" "$(run e#build; hits):$(is_made)" "1:"
[ "$(available)" -ge $KEEP ]; ok "... as much is free as should be: $(available) of $KEEP" $?
rm -rf packages/?/dist "$T/disk/ballast"
run -r build
like "... some old results stay" "$(hits)" "[234]"
is "... all outputs are right" "$rc:$err:$(is_made)" "0::"

begin 1
package e
leave $((KEEP + 100000))
run e#build
is "results used yesterday do not give way" "$rc:$err" "0:warning: plugin 'store-local': keeping more would leave less than 819.2 KiB free (option 'free'): lower it, or make room on the disk of '$C/store-2'; nothing more is kept there in this run"
rm -rf packages/?/dist
run a#build; is "... they are hits" "$rc:$(hits):$err" "0:1:"
run -r --concurrency-limit 1 build
is "... all of them, with one warning for the new result" "$(hits):$(printf '%s\n' "$err" | grep -c .):$(is_made)" "4:1:"
leave 500000
run a#build b#build; run --filter '!e' build
is "a disk with less room than that: hits go on without a word" "$rc:$(hits):$err" "0:4:"

# outputs in place are neither restored nor read: their results count as used all the same
begin 5
package e d
leave $((KEEP + 50000))
run -r build
is "a run that needs room, with hits whose outputs are in place: succeeds" "$rc:$(hits):$err" "0:4:warning: plugin 'store-local': keeping more would leave less than 819.2 KiB free (option 'free'): lower it, or make room on the disk of '$C/store-2'; nothing more is kept there in this run"
rm -rf packages/?/dist
run --filter '!e' build
is "... gives up no result of those" "$rc:$(hits):$err:$(is_made)" "0:4::packages/e"

# the room that must stay free
begin 5
package e
leave 330000        # what all old ones free is enough, with what a run writes beside the store
run e#build
is "old results go until a twentieth is free" "$rc:$err" 0:
[ "$(available)" -ge $KEEP ]; ok "... and then it is free: $(available)" $?
begin 1
package e
leave 250000
file "$T/home/.config/vt/config.json" '{"plugins":{"options":{"store-local":{"free":"100 KB"}}}}'
run e#build
has "free 100 KB: too much for that disk, which is told" "$err" "keeping more would leave less than 97.7 KiB free"
file "$T/home/.config/vt/config.json" '{"plugins":{"options":{"store-local":{"free":"0"}}}}'
run e#build; run e#build
is "free 0: the disk is filled to the last byte" "$rc:$(hits):$err" "0:1:"
leave 100000
echo new >>packages/e/in
run e#build
is "... and then no room is left" "$rc:$err" "0:warning: plugin 'store-local': cannot write to the cache: No space left on device; nothing more is kept there in this run"
for bad in abc '' -1 '3 miles'; do
	file "$T/home/.config/vt/config.json" "{\"plugins\":{\"options\":{\"store-local\":{\"free\":\"$bad\"}}}}"
	run a#build
	is "free '$bad': one sentence tells what is wrong" "$rc:$(printf '%s\n' "$err" | grep -c "option \`free\` of 'store-local' must be a size as 500 MiB or 10 GB"):$(printf '%s\n' "$err" | grep -c ^error)" 1:1:1
done
rm "$T/home/.config/vt/config.json"
capture vt plugins info store-local
has "the option is listed" "$out" "what stays free on the disk; never more than a twentieth of it"

# two runs at once need room, again and again
begin 5
wrong=
for i in 1 2 3 4 5 6 7 8; do
	for p in a b c d; do head -c 150000 /dev/urandom >packages/$p/in; done
	cp -r packages "$T/other$i" && mkdir -p "$T/o$i" && mv "$T/other$i" "$T/o$i/packages" && cp pnpm-workspace.yaml "$T/o$i/"
	head -c 150000 /dev/urandom >"$T/o$i/packages/d/in"
	age 3
	leave $((KEEP + 150000))
	( cd "$T/o$i" && with VT_CACHE_DIR="$C" vt run -r build >"$T/o$i/out" 2>"$T/o$i/err"; echo $? >"$T/o$i/rc" ) &
	run -r build
	wait
	[ "$rc:$(cat "$T/o$i/rc"):$(is_made):$(cd "$T/o$i" && is_made)" = "0:0::" ] || wrong="$wrong $i"
	[ "$(printf '%s\n' "$err" | grep -c .)$(grep -c . "$T/o$i/err")" -le 11 ] || wrong="$wrong $i: $err; $(cat "$T/o$i/err")"
	rm -rf packages/*/dist
	run -r build
	[ "$rc:$(is_made)" = "0:" ] || wrong="$wrong then $i"
done
is "two runs at once that need room: all outputs are right" "$wrong" ""
is "... no unfinished file is left" "$(find "$C" -name '*.new' -o -name 'new-*')" ""
umount "$T/disk"
finish
