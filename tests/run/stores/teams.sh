# Several teams on one server, of every kind: each finds its own results alone, a reader changes nothing there and hears
# of nothing, and a result that is not signed by a trusted key is no hit.
. "${0%/*}/../../lib/functions.sh" || exit
. "${0%/*}/../../lib/stores.sh" || exit
. "${0%/*}/../../lib/kinds.sh" || exit
OTHER="\"key\": \"$(printf '%064d' 8)\""
secret=$(printf '%064d' 3)
public=$(with VT_SIGN_KEY="$secret" vt cache key show-public)
tasks='"build": {"command": "mkdir -p out; cp in.txt out/a; date +%N >>out/a", "input": ["in.txt"], "output": ["out/**"]},
	"mode": {"command": "echo in ${#MODE}", "input": ["in.txt"], "env": ["MODE"]}'
# b NAME TEXT [TASK]: a fresh clone builds with this input
b() { clone "$1"; file in.txt "$2"; capture vt run "${3:-build}"; }
story() {
	local first
	workspace "$1"; file package.json '{"name":"root"}'; project "$use" "$tasks"
	team "$where"; b A zero; first=$(<out/a)
	b B zero; is "$1: a team hits its own result" "$rc$err$(hits) $(<out/a)" "01 $first"
	team "$where" "$OTHER"; b C zero
	is "$1: another team does not" "$rc$err$(hits)" 00
	b D zero; is "$1: ... and hits its own result" "$rc$err$(hits)" 01
	isnt "$1: ... which is another one" "$(<out/a)" "$first"
	team "$where"; b E zero
	is "$1: the first team's result is unchanged" "$rc$err$(hits) $(<out/a)" "01 $first"
	with MODE=kanarienvogel b F zero mode; with MODE=kanarienvogel b G zero mode
	is "$1: a variable with the same value hits in the team" "$rc$err$(hits)" 01
	with MODE=zeisig b G zero mode
	is "$1: a variable with another value does not" "$rc$(hits)" 00
	team "$where" "$OTHER"; with MODE=kanarienvogel b H zero mode
	is "$1: the same value does not hit in another team" "$rc$err$(hits)" 00
	is "$1: no value is on the server" "$(grep -rla kanarienvogel "$D" | wc -l)" 0

	team "$where, \"mode\": \"read\""; b I zero
	is "$1: a reader hits" "$rc$err$(hits) $(<out/a)" "01 $first"
	b J new; is "$1: ... runs a new task without a warning" "$rc$err$(hits)" 00
	rm -rf out; capture vt run build
	is "$1: ... has its result in the near store" "$rc$err$(hits)" 01
	b K new; is "$1: ... and does not send it" "$rc$err$(hits)" 00
	team "$where" ''; b L zero
	is "$1: a reader without the key has no hit" "$rc$(hits)" 00
	has "$1: ... and a line tells why" "$err" "results are neither sealed nor signed here, so nothing is shared"

	team "$where, \"unsealed\": true" ''; b M unsigned
	is "$1: a writer without a signature sends results" "$rc$err$(hits)" 00
	team "$where" "\"trust\": [\"$public\"]"; b N unsigned
	is "$1: a reader who trusts signatures does not take them" "$rc$(hits)" 00
	team "$where" "\"sign\": \"$(printf '%064d' 4)\""; b O forged
	team "$where" "\"trust\": [\"$public\"]"; b P forged
	is "$1: ... nor those of a stranger" "$rc$(hits)" 00
	team "$where" "\"sign\": \"$secret\""; b Q signed
	is "$1: the trusted signer sends results" "$rc$(hits)" 00
	team "$where" "\"trust\": [\"$public\"]"; b R signed
	is "$1: ... which the reader takes" "$rc$err$(hits)" 01
	team "$where"; b S signed
	is "$1: ... and a team with a key does not" "$rc$err$(hits)" 00
}
each_kind story
finish
