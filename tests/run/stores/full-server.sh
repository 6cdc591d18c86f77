# A server whose disk is full, of every kind: no run fails, no result is lost, and with room again results are shared again.
. "${0%/*}/../../lib/functions.sh" || exit
own_mounts
. "${0%/*}/../../lib/stores.sh" || exit
. "${0%/*}/../../lib/kinds.sh" || exit
KINDS=${KINDS/ moto/} KINDS=${KINDS/folder /}  # one keeps all in memory; of the other full-folder.sh tells
cleanup "umount '$T/server/data' 2>/dev/null"
tasks='"build": {"command": "mkdir -p out; cp in.txt out/a; head -c 900000 /dev/urandom >out/big", "input": ["in.txt"], "output": ["out/**"]}'
# room MB: of the server, which had more or less
room() {
	if [ "$kind" = redis ]; then
		redis-cli -s "$D/socket" config set maxmemory "$1mb" >/dev/null && redis-cli -s "$D/socket" config set maxmemory-policy noeviction >/dev/null
	else
		mount -o remount,size="$1m" "$D/data"
	fi || exit 99
}
# a server may end on a full disk, as s3rver does
is_up() { kill -0 "$served" 2>/dev/null || kind_comes_back; }
story() {
	local i
	if [ "$1" != redis ]; then
		kind_dies
		mount -t tmpfs -o size=3m none "$D/data" || exit 99
		kind_comes_back
	fi
	room 4
	workspace "$1"; file package.json '{"name":"root"}'; project "$use" "$tasks"; team "$where"
	for i in 1 2 3 4 5 6; do
		file in.txt "text $i"; capture vt run build
		is "$1: run $i makes its files" "$rc $(cat out/a)" "0 text $i"
	done
	has "$1: ... the last one names the server" "$err" "$([ "$1" = redis ] && echo "redis at $D/socket" || echo "127.0.0.1:$port"): "
	ok "$1: ... in two lines at most" $(($(grep -c . <<<"$err") > 2))
	is_up
	rm -rf out; capture vt run build
	is "$1: a result that the server did not take: hits in the near store" "$rc$(hits)" 01
	clone B; file in.txt "text 1"; capture vt run build
	is "$1: a result that the server took: hits in another clone" "$rc$(hits) $(cat out/a)" "01 text 1"
	clone C; file in.txt "text 6"; capture vt run build
	is "$1: a result that the server did not take: another clone makes it" "$rc$(hits) $(cat out/a)" "00 text 6"
	is_up
	room 20
	clone D; file in.txt "text 7"; capture vt run build
	is "$1: room again: a result is sent" "$rc$err$(hits)" 00
	clone E; file in.txt "text 7"; capture vt run build
	is "$1: ... and hits in another clone" "$rc$err$(hits)" 01
	kind_dies
	umount "$D/data" 2>/dev/null
}
each_kind story
finish
