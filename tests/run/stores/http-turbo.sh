# Clones share results on turborepo-remote-cache: one object for a whole result, Content-Length always, two requests for a
# hit, one for a small one.
. "${0%/*}/../../lib/functions.sh" || exit
. "${0%/*}/../../lib/stores.sh" || exit
. "${0%/*}/../../lib/http.sh" || exit
turbo_starts one || skip_all "turborepo-remote-cache, node or curl is not installed"
at=http://127.0.0.1:$port
S=$T/one/acme
tasks='"build": {"command": "mkdir -p out; cp in.txt out/a; head -c 3000000 /dev/urandom >out/big; echo built", "input": ["in.txt"], "output": ["out/**"]},
	"mode": {"command": "echo in ${#MODE}", "input": ["in.txt"], "env": ["MODE"]},
	"say": {"command": "f() { echo nacht$1; }; f igall", "input": ["in.txt"]}'
workspace
file package.json '{"name":"root"}'
file in.txt zero
patient "$tasks"
options="\"url\": \"$at\", \"layout\": \"turbo\", \"token\": \"tok\", \"team\": \"acme\""
# b TEXT: builds here with this input
b() { file in.txt "$1"; rm -rf out; capture vt run build; }

team "$options"
capture vt run build
is "the first run: succeeds" "$rc$err" 0
big=$(sha256sum <out/big)
is "... two objects: the result, and what leads to it" "$(find "$S" -type f | wc -l)" 2
clone B
before=$(turbo_calls one)
capture vt run build
is "another clone: hits" "$rc$err$(hits)" 01
has "... and the line names the store" "$out" "cache hit (main), replaying"
is "... with the same bytes" "$(cat out/a; sha256sum <out/big)" "zero
$big"
is "... by two requests" $(($(turbo_calls one) - before)) 2
b one
is "a miss: told as one" "$rc$err$(hits)" 00
before=$(turbo_calls one)
clone C; b zero
is "an older result: a hit" "$rc$err$(hits)" 01
cd "$W" && file in.txt mode && with MODE=kanarienvogel capture vt run mode
clone D; file in.txt mode; with MODE=kanarienvogel capture vt run mode
is "a variable with the same value: a hit" "$rc$err$(hits)" 01
with MODE=y capture vt run mode
has "a variable with another value: a miss" "$out" "env 'MODE' changed"
is "no value is on the server" "$(grep -rla kanarienvogel "$T/one")" ""
team "$options" "\"key\": \"$(printf '%064d' 8)\""
clone E; b zero
is "another team: no hit" "$rc$err$(hits)" 00

# more results than a STEP has hints for: found by the names that the present makes
team "$options"
for i in 1 2 3 4 5 6; do cd "$W" || exit; b "many $i"; done
clone F; b "many 1"
is "the sixth last result: a hit" "$rc$err$(hits) $(cat out/a)" "01 many 1"

# objects that others wrote, or that were cut
find "$S" -type f -size +1M | while read -r f; do truncate -s -7 "$f"; done
clone G; b "many 6"
is "a cut object: a miss" "$rc$(hits)" 00
has "... one line tells it" "$err" "a damaged object was left aside"
clone H; b "many 6"
is "... and the object is sent again" "$rc$err$(hits)" 01
find "$S" -type f -size +1M -delete
clone H2; b "many 6"
is "an object that the server removed: a miss" "$rc$err$(hits)" 00
clone H3; b "many 6"
is "... and the object is sent again" "$rc$err$(hits)" 01
find "$S" -type f | while read -r f; do printf 'something else' >"$f"; done
clone I; b "many 5"
is "an object of another tool: a miss" "$rc$(hits)" 00

# clients that may come in
team "\"url\": \"$at\", \"layout\": \"turbo\", \"token\": \"wrong\", \"team\": \"acme\""
clone J; b "many 6"
is "a wrong token: the task runs" "$rc$(hits) $(grep -c . <<<"$err")" "00 1"
has "... one line tells it" "$err" "127.0.0.1:$port: GET is answered with 401 Unauthorized"

# signed results: the next clone that finds an unsigned result does not sign it
open="\"url\": \"$at\", \"layout\": \"turbo\", \"token\": \"tok\", \"team\": \"open\""
team "$open" "\"sign\": \"$KEY\""
clone J1; b signed; clone J2; b signed
is "a signed result: a hit" "$rc$err$(hits)" 01
# the first hint of the STEP, the smaller object, leads to another body
python3 - "$(find "$T/one/open" -type f -size -1000k)" <<'P'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
assert data[:4] == b"vtS3" and data[4] >= 1
data[5 + 32] ^= 1
open(sys.argv[1], "wb").write(data)
P
before=$(turbo_calls one PUT)
clone J3; b signed
is "a forged hint: no hit" "$rc$(hits)" 00
is "... a runner with the same result sends the hint again" $(($(turbo_calls one PUT) - before)) 2
clone J4; b signed
is "... and then it hits" "$rc$(hits)" 01

# a small result stands in the STEP that leads to it
small="\"url\": \"$at\", \"layout\": \"turbo\", \"token\": \"tok\", \"team\": \"small\""
team "$small" "\"sign\": \"$KEY\""
clone S1; capture vt run say
before=$(turbo_calls one)
clone S2; capture vt run say
is "a small result is a hit" "$rc$err$(hits)" 01
is "... by one request" $(($(turbo_calls one) - before)) 1
# the STEP, the larger object, is not signed: its copy of the output is forged
python3 - "$(find "$T/one/small" -type f -printf '%s %p\n' | sort -rn | head -n 1 | cut -d ' ' -f 2-)" <<'P'
import sys
data = open(sys.argv[1], "rb").read()
assert data[:4] == b"vtS3" and data.count(b"nachtigall") == 1
open(sys.argv[1], "wb").write(data.replace(b"nachtigall", b"rohrdommel"))
P
before=$(turbo_calls one)
clone S3; capture vt run say
is "a forged copy of the output: not taken" "$rc$err$(hits) $(grep -c nachtigall <<<"$out") $(grep -c rohrdommel <<<"$out")" "01 1 0"
is "... the result itself is fetched by a second request" $(($(turbo_calls one) - before)) 2

# the environment of a CI that hands out such a server
team '"layout": "turbo", "auto": true'
clone K; with TURBO_API=$at TURBO_TOKEN=tok TURBO_TEAM=auto b auto
clone L; with TURBO_API=$at TURBO_TOKEN=tok TURBO_TEAM=auto b auto
is "auto: the environment names the server" "$rc$err$(hits)" 01
is "... and the team" "$(find "$T/one/auto" -type f | wc -l)" 2
b away; b away
is "auto without that environment: the store is left out, without a warning" "$rc$err$(hits)" 01
team '"layout": "turbo", "auto": true' ''
clone M; with TURBO_API=$at TURBO_TOKEN=tok TURBO_TEAM=auto b auto
is "... signatures are demanded all the same" "$rc$(hits)" 00
has "... and that is told" "$err" "results are neither sealed nor signed here"
team "\"layout\": \"turbo\""
b none
has "no auto: an address is needed" "$err" "it needs the option \`url\`"

# turborepo-remote-cache truncates a file before it writes it again: the kit would see that
web_starts promises || exit 99
keeps_promises turbo url="http://127.0.0.1:$port" layout=turbo token=tok team=acme
# a server that takes nothing, or has nothing for this team
web_starts disabled refuse PUT 403 '{"status":"disabled"}' || exit 99
team "\"url\": \"http://127.0.0.1:$port\", \"layout\": \"turbo\", \"token\": \"tok\""
clone N; b refused
is "a server that takes nothing: the tasks run" "$rc$err$(hits)" 00
web_starts over refuse PUT 200 '{"status":"over_limit"}' || exit 99
team "\"url\": \"http://127.0.0.1:$port\", \"layout\": \"turbo\", \"token\": \"tok\""
clone O; b over; b over2
is "a server that says so with 200: the tasks run" "$rc$err$(hits)" 00
is "... and it is sent one wave at most" $(($(grep -c PUT "$T/over.log") <= 2)) 1
web_starts lengths || exit 99
team "\"url\": \"http://127.0.0.1:$port\", \"layout\": \"turbo\", \"token\": \"tok\""
clone Q; b lengths
is "each PUT: has a Content-Length" "$(grep -c '^PUT .*length=[0-9]' "$T/lengths.log") $(grep -c '^PUT .*length=none' "$T/lengths.log")" "2 0"

many "$options" 2 turbo_calls one
finish
