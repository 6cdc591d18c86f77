# A far store that hangs, drips, lies, fails or takes nothing costs a little time, and never a result or an exit status.
. "${0%/*}/../../lib/functions.sh" || exit
. "${0%/*}/../../lib/far.sh" || exit
workspace
names="a b c d e f"
makers $names
config ''
user
capture vt run -r t
is "a store that works is filled" "$rc$err" 0
cp -r "$T/far" "$T/far.good"
spent() { local from=$EPOCHREALTIME; capture vt run -r t; ms=$(((${EPOCHREALTIME/./} - ${from/./}) / 1000)); }
# what a fault may cost is 2 s, which tests/bench/extra-far.sh measures; here a loaded machine must not fail
limit=15000
# faulty NAME OPTIONS: a fresh clone where all is there to be had, then one where all is to be sent
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
	is "$1: near nothing was lost" "$rc $(hits) $(cat packages/*/out/x | tr -d '\n')" "0 12 new anew bnew cnew dnew enew f"
}
faulty hang
has "one line says what it does" "$first" "warning: plugin 'main': it does not answer; it is not asked for 30 s"
faulty hang '"polite": true'
# on a machine that stands still for the 250 ms between the question and the end it is the other sentence
like "one that asks whether to stop" "$first" "warning: plugin 'main': it @(is too slow|does not answer); it is not asked for 30 s"
faulty drip
faulty lie
has "what it gives is left aside" "$first" "warning: plugin 'main': something there is damaged, or not sealed by the team's key: it is left aside"
faulty fail
has "three failures rest it" "$first" "warning: plugin 'main': the server answers 500; it is not asked for 30 s"
faulty fail-1%
faulty down
is "one that knows better says so" "$first" "warning: plugin 'main': the server is away; it is not used any more in this run"
faulty read-only
is "one that takes nothing needs no word" "$first$err" ""
is "and gets nothing that leads nowhere" "$(ls "$T/far" | wc -l)" "$(ls "$T/far.good" | wc -l)"
faulty no-blobs
is "nor does one that declines blobs" "$(ls "$T/far" | grep -c '^[37]-')" "$(ls "$T/far.good" | grep -c '^[37]-')"

# somebody with a bad wire, who may only read
rm -rf "$T/far"; cp -r "$T/far.good" "$T/far"
user '"fault": "lie", "mode": "read"'
cd "$W"; rm -rf "$T/x"; clone x; rm -rf packages/*/out; quiet
capture vt run -r t
is "a bad wire takes nothing from the others" "$rc $(ls "$T/far" | wc -l) $(calls drop) $(calls put)" "0 $(ls "$T/far.good" | wc -l) 0 0"
finish
