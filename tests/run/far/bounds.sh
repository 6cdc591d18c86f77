# Limits that the user sets for a far store: time for an item, time and bytes at the end of a run, the size of an object.
. "${0%/*}/../../lib/functions.sh" || exit
. "${0%/*}/../../lib/far.sh" || exit
workspace
makers a b c -- 'head -c 100000 /dev/urandom >out/big'
config ''
results() { ls "$T/far" 2>/dev/null | grep -c '^3-'; }
again() { rm -rf .vt packages/*/out "$T/far"; quiet; capture vt run -r t; }

user '"delay": "1500ms", "timeout": "500ms", "mode": "read"'
again
is "an item that takes longer than timeout: not waited for" "$rc $err" "0 warning: plugin 'main': it does not answer; it is not asked for 30 s"
user '"delay": "1500ms", "timeout": "1m", "mode": "read"'
again
is "an item that takes less than timeout: waited for" "$rc$err $(calls get_many)" "0 1"

user '"delay": "4s", "timeout": "1m", "budget": "200ms", "mode": "write"'
again
is "a budget of time that is over: the run ends, and says what was not sent" "$rc $err" \
	"0 3 of 3 results were not sent to 'main'; \`vt cache push\` sends them"
user '"budget": "10 KiB", "delay": "200ms", "mode": "write"'
again
like "a budget of bytes that is over: the same" "$rc $err" "0 *of 3 results were not sent to 'main'; \`vt cache push\` sends them"
user '"budget": "1 GiB", "mode": "write"'
again
is "a budget that is large enough: all is sent" "$rc$err $(results)" "0 3"
user
rm -rf "$T/far"
capture vt cache push
is "vt cache push: sends what was not sent" "$rc $err $out $(results)" "0  3 results sent or there already 3"

user '"below": "50 KiB"'
again
is "an object above the size: its result stays here, without a warning" "$rc$err $(results) $(ls "$T/far" | grep -c '^7-')" "0 0 0"
user '"below": "1 MiB"'
again
is "an object below the size: sent" "$rc$err $(results)" "0 3"
finish
