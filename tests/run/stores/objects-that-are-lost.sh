# Objects that a store loses or damages cost one more run of the task: then its result is shared again.
. "${0%/*}/../../lib/functions.sh" || exit
. "${0%/*}/../../lib/stores.sh" || exit
. "${0%/*}/../../lib/kinds.sh" || exit
[ "$KINDS" != "folder redis flat bazel turbo s3 moto" ] || KINDS="folder flat bazel turbo s3"       # their objects are files
tasks='"build": {"command": "mkdir -p out; cp in.txt out/a; yes \"$(cat in.txt)\" | head -c 60000 >out/big; echo built", "input": ["in.txt"], "output": ["out/**"]}'
objects() { find "$D/data" -type f ! -name '*.md5' ! -path '*metadata*' ! -name about ! -name lock | sort; }
halved() { head -c "$(($(stat -c %s "$1") / 2))" "$1" >"$T/half"; cat "$T/half" >"$1"; }
# again HOW OBJECT: within how many runs of fresh clones is the result shared?
again() {
	local n
	"$1" "$2"
	for n in 1 2 3 4; do
		clone c; capture vt run build
		[ "$rc$(hits)$(cat out/a)" = 01first ] && return
		[ "$rc" = 0 ] || return
	done
	return 1
}
story() {
	local object how count=0 wrong=0
	workspace "$1"; file package.json '{"name":"root"}'; file in.txt first; project "$use" "$tasks"; team "$where"
	capture vt run build
	is "$1: the first run fills the store" "$rc$err" 0
	cp -a "$D/data" "$T/good"
	for how in halved rm; do
		for object in $(objects); do
			again $how "$object" || { wrong=$((wrong + 1)); echo "# $how ${object#"$D/data/"}: $rc $(hits)"; printf '%s\n' "$out" "$err" | sed 's/^/# /'; }
			count=$((count + 1))
			rm -rf "${D:?}/data"; cp -a "$T/good" "$D/data"
		done
	done
	rm -rf "$T/good"
	is "$1: $count times one object was cut or removed: the result is shared again within three runs" "$wrong $((count >= 4))" "0 1"
}
each_kind story
finish
