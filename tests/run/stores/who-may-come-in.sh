# A server of every kind that wants credentials: with the right credentials results are shared; with wrong ones or none
# nothing fails, and one line says why nothing is shared.
. "${0%/*}/../../lib/functions.sh" || exit
. "${0%/*}/../../lib/stores.sh" || exit
. "${0%/*}/../../lib/kinds.sh" || exit
KINDS=${KINDS/folder /} KINDS=${KINDS/ s3/} KINDS=${KINDS/ moto/}     # full-folder.sh tells of a folder, http-s3.sh of buckets
tasks='"build": {"command": "mkdir -p out; cp in.txt out/a; echo built", "input": ["in.txt"], "output": ["out/**"]}'
# b NAME TEXT: a fresh clone builds with this input
b() { clone "$1"; file in.txt "$2"; capture vt run build; }
# closes: from now on the server wants credentials; $right, $wrong and $none are options with those, others and none; $why is
# the server's answer to the last two
closes() {
	case $kind in
	redis)
		redis-cli -s "$D/socket" config set requirepass geheim >/dev/null || exit 99
		right="$where, \"password\": \"geheim\"" wrong="$where, \"password\": \"falsch\"" none=$where
		why=(WRONGPASS NOAUTH) ;;
	flat | bazel)
		kind_dies
		sed -i 's|location / {|& if ($http_authorization != "Bearer geheim") { return 401; }|' "$D/conf"
		kind_comes_back
		right="$where, \"token\": \"geheim\"" wrong="$where, \"token\": \"falsch\"" none=$where
		why=("401 Unauthorized" "401 Unauthorized") ;;
	turbo)
		right=$where wrong=${where/\"tok\"/\"falsch\"} none=${where/\"token\": \"tok\", /}
		why=("401 Unauthorized" "Missing Authorization header") ;;
	esac
}
story() {
	workspace "$1"; file package.json '{"name":"root"}'; project "$use" "$tasks"
	closes
	team "$right"; b A zero
	is "$1: right credentials: the store is filled" "$rc$err$(hits)" 00
	b B zero
	is "$1: ... and another clone hits" "$rc$err$(hits)" 01
	team "$wrong"; b C zero
	is "$1: wrong credentials: the task runs" "$rc$(hits) $(<out/a)" "00 zero"
	has "$1: ... the reason is told" "$err" "${why[0]}"
	is "$1: ... in one line" "$(grep -c . <<<"$err")" 1
	hasnt "$1: ... without the secret" "$err" falsch
	team "$none"; b D zero
	is "$1: missing credentials: the task runs" "$rc$(hits) $(<out/a)" "00 zero"
	has "$1: ... the reason is told" "$err" "${why[1]}"
	is "$1: ... in one line" "$(grep -c . <<<"$err")" 1
	team "$right"; b E zero
	is "$1: right credentials again: a hit" "$rc$err$(hits)" 01
}
each_kind story
finish
