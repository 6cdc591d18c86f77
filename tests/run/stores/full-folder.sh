# A shared folder on a disk that is full takes what fits, and costs no result: told in one line, and used again when there is room.
. "${0%/*}/../../lib/functions.sh" || exit
own_mounts
. "${0%/*}/../../lib/stores.sh" || exit
[ -e "$abs_top_builddir/plugins-1/vt-store-folder.so" ] || skip_all "store-folder is left out of this build"
mkdir "$T/small" && mount -t tmpfs -o size=2m none "$T/small" || exit 99
cleanup "umount '$T/small'"
workspace
file package.json '{"name":"root"}'
project store-folder '"build": {"command": "mkdir -p out; cp in.txt out/a; head -c 900000 /dev/urandom >out/big", "input": ["in.txt"], "output": ["out/**"]}'
team "\"dir\": \"$T/small\""
for i in 1 2 3 4; do
	file in.txt "text $i"; capture vt run build
	is "run $i makes its files" "$rc $(cat out/a)" "0 text $i"
done
has "a full disk: the last run tells it" "$err" "new results are not shared: No space left on device"
is "... in one line" "$(grep -c . <<<"$err")" 1
is "... no unfinished file is left" "$(find "$T/small/tmp" -type f | wc -l)" 0
rm -rf out; capture vt run build
is "... the near store hits" "$rc$err$(hits)" 01
clone B; file in.txt "text 1"; capture vt run build
is "... results that fitted hit in another clone" "$rc$err$(hits)" 01
file in.txt "text 4"; capture vt run build
is "... a result that did not fit is made there" "$rc$(hits) $(cat out/a)" "00 text 4"
mount -o remount,size=20m "$T/small" || exit 99
file in.txt "text 5"; capture vt run build
is "with room again: the task runs" "$rc$err" 0
clone C; file in.txt "text 5"; capture vt run build
is "... its result is shared" "$rc$err$(hits)" 01
mount -o remount,ro "$T/small" || exit 99
file in.txt "text 6"; capture vt run build
is "a folder without the right to write: no warning" "$rc$err$(hits)" 00
rm -rf out; capture vt run build
is "... its results are in the near store" "$rc$err$(hits)" 01
clone E; file in.txt "text 5"; capture vt run build
is "... results of the folder hit" "$rc$err$(hits)" 01
finish
