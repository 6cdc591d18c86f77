# A far store that hangs, drips, lies, fails or takes nothing costs a little time, and never a result or an exit status.
. "${0%/*}/../../lib/functions.sh" || exit
. "${0%/*}/../../lib/far.sh" || exit
workspace
names="a b c d e f"
makers $names
config ''
user
capture vt run -r t
is "a good store: filled" "$rc$err" 0
cp -r "$T/far" "$T/far.good"
spent() { local from=$EPOCHREALTIME; capture vt run -r t; ms=$(((${EPOCHREALTIME/./} - ${from/./}) / 1000)); }
# a fault may cost 2 s, which tests/bench/extra-far.sh measures; the limit here lets a loaded machine pass
limit=15000
# faulty NAME OPTIONS: a fresh clone that can get all results, then new inputs whose results must all be sent
faulty() {
	rm -rf "$T/far"; cp -r "$T/far.good" "$T/far"
	user "\"fault\": \"$1\"${2:+, $2}"
	cd "$W"; rm -rf "$T/x"; clone x; rm -rf packages/*/out
	spent; first=$err
	is "$1: a fresh clone: the tasks are done" "$rc $(cat packages/*/out/x | tr -d '\n')" "0 abcdef"
	ok "$1: ... within seconds ($ms ms)" $((ms > limit))
	for p in $names; do file packages/$p/in.txt "new $p"; done
	spent
	is "$1: new results: the tasks are done" "$rc $(cat packages/*/out/x | tr -d '\n')" "0 new anew bnew cnew dnew enew f"
	ok "$1: ... within seconds ($ms ms)" $((ms > limit))
	user '"fault": "down"'
	rm -rf packages/*/out
	capture vt run -r t
	is "$1: nothing is lost in the near store" "$rc $(hits) $(cat packages/*/out/x | tr -d '\n')" "0 12 new anew bnew cnew dnew enew f"
}
faulty hang
has "a store that hangs: one line tells it" "$first" "warning: plugin 'main': it does not answer; it is not asked for 30 s"
faulty hang '"polite": true'
# a machine that stands still for the 250 ms between the question and the end gives the other sentence
like "a store that asks whether to stop: one line tells it" "$first" "warning: plugin 'main': it @(is too slow|does not answer); it is not asked for 30 s"
faulty drip
faulty lie
has "bytes that are wrong: left aside" "$first" "warning: plugin 'main': something there is damaged, or not sealed by the team's key: it is left aside"
faulty fail
has "three failures: the store rests" "$first" "warning: plugin 'main': the server answers 500; it is not asked for 30 s"
faulty fail-1%
faulty down
is "a store that knows better when to come back: its words are told" "$first" "warning: plugin 'main': the server is away; it is not used any more in this run"
faulty read-only
is "a store that takes nothing: no warning" "$first$err" ""
is "... and gets nothing that leads nowhere" "$(ls "$T/far" | wc -l)" "$(ls "$T/far.good" | wc -l)"
faulty no-blobs
is "a store that declines blobs: gets nothing that leads nowhere" "$(ls "$T/far" | grep -c '^[37]-')" "$(ls "$T/far.good" | grep -c '^[37]-')"

# a user with a bad connection, who may only read
rm -rf "$T/far"; cp -r "$T/far.good" "$T/far"
user '"fault": "lie", "mode": "read"'
cd "$W"; rm -rf "$T/x"; clone x; rm -rf packages/*/out; quiet
capture vt run -r t
is "a reader with a bad connection: the others lose nothing" "$rc $(ls "$T/far" | wc -l) $(calls drop) $(calls put)" "0 $(ls "$T/far.good" | wc -l) 0 0"
finish
