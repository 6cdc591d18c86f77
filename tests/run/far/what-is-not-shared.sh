# A result that may not leave the machine is kept here alone, and the user learns why: by -v, vt why and vt cache stat.
. "${0%/*}/../../lib/functions.sh" || exit
. "${0%/*}/../../lib/far.sh" || exit
workspace o/ws
file package.json '{"name":"root"}'
file "$T/o/beside.txt" beside
file in.txt in
config '"out": {"command": "cat in.txt ../beside.txt"}, "in": {"command": "cat in.txt", "input": ["in.txt"]},
	"mode": {"command": "echo in $MODE", "input": ["in.txt"], "env": ["MODE"]}'
user
capture vt run -v out
if grep -q 'could not be watched\|is not available' <<<"$out$err"; then skip_all "nothing can be watched here"; fi
has "-v: tells that a result is not shared, and the file that prevents it" "$rc$out" "→ Not shared: it read $T/o/beside.txt outside the workspace"
is "... no result was sent" "$(ls "$T/far" 2>/dev/null | grep -c '^[37]-')" 0
capture vt run out
is "... the result hits here" "$rc$err$(hits)" 01
hasnt "... of which no more is said" "$out" "Not shared"
capture vt why out
has "vt why says so" "$out" "its result was not shared: it read $T/o/beside.txt outside the workspace"
capture vt why --json out
has "... also as JSON" "$out" "\"notShared\":\"it read $T/o/beside.txt outside the workspace\""
capture vt run -v in
hasnt "a result that is shared: no word of it" "$rc$out" "Not shared"
isnt "... it was sent" "$(ls "$T/far" | grep -c '^3-')" 0
capture vt why in
hasnt "... also by vt why" "$out" "not shared"
capture vt cache stat
has "vt cache stat counts the steps" "$out" "not shared  1 step; \`vt why\` tells why"
capture vt cache stat --json
has "... also as JSON" "$out" '"notShared":1'
user '"unsealed": true' ''
with MODE=x capture vt run -v mode
has "a variable without a team key" "$rc$out" "→ Not shared: it depends on the variable 'MODE', and there is no team key"
user; rm "$T/home/.config/vt/config.json"
config '"out": {"command": "cat in.txt ../beside.txt"}' '"store-local"'
rm -rf .vt
capture vt run -v out
hasnt "without far stores nothing is said" "$rc$out" "Not shared"
finish
