# A stranger who can write to the store, and is not of the team, keeps the leases of all tasks for ever: the run ends all the same.
. "${0%/*}/../../lib/functions.sh" || exit
. "${0%/*}/../../lib/stores.sh" || exit
. "${0%/*}/../../lib/together.sh" || exit
requires python3
workspace
file package.json '{"name":"root"}'
file in.txt in
project store-redis '"first": {"command": "cat in.txt", "input": ["in.txt"]}, "then": {"command": "cat in.txt in.txt", "dependsOn": ["first"], "input": ["in.txt"]}'
redis_starts main
team "\"url\": \"unix://$T/main.sock\""
# a stranger who watches the server sees the names of the leases
redis main monitor >"$T/seen" & monitor=$!
cleanup "ended $monitor"
within 20 grep -q OK "$T/seen"
runners --together=one then -- A
is "a run of one runner" "$(rc_of A)" 0
within 20 grep -q ':lease:' "$T/seen"
ended $monitor
grep -oE '"[^" ]*:lease:[0-9a-f]{64}"' "$T/seen" | tr -d '"' | sort -u >"$T/leases"
isnt "... the leases of the run were seen" "$(wc -l <"$T/leases")" 0
redis main flushall >/dev/null
rm -rf "$T/A"
while read -r name; do redis main set "$name" "$(printf 'stranger%024d' 1)" >/dev/null; done <"$T/leases"
# the runner's own lease has another name each time: that of the first run belongs to no runner
VT_TIMEOUT=120 runners --together=one then -- A
is "with all leases taken the run ends, and each task has run" "$(rc_of A) $(grep -c '^\[.*\] in$\|^in$' "$T/A.out")" "0 3"
has "... one line tells why" "$(cat "$T/A.err")" "belongs to nobody who takes part in this run: it is run here"
finish
