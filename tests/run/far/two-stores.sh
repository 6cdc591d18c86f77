# Two far stores of one kind: each gets new results, either is asked for what the other lacks, and a failure of one costs the other nothing.
. "${0%/*}/../../lib/functions.sh" || exit
. "${0%/*}/../../lib/far.sh" || exit
workspace
file package.json '{"name":"root"}'
file in.txt one
config '"t": {"command": "cp in.txt out", "input": ["in.txt"], "output": ["out"]}' \
	'{"use": "far-folder", "as": "main"}, {"use": "far-folder", "as": "second"}'
# both MAIN SECOND: writes the options of the two
both() {
	mkdir -p -m 700 "$T/home/.config/vt"
	printf '{"plugins": {"options": {"main": {"dir": "%s", "log": "%s"%s}, "second": {"dir": "%s", "log": "%s"%s}}, "sharing": {"key": "%s"}}}\n' \
		"$T/far" "$T/log" "${1:+, $1}" "$T/far2" "$T/log2" "${2:+, $2}" "$KEY" >"$T/home/.config/vt/config.json"
}
objects() { ls "$1" 2>/dev/null | wc -l; }
fresh() { cd "$W"; rm -rf "$T/x"; clone x; rm -rf out; : >"$T/log"; : >"$T/log2"; capture vt run t; }
both
capture vt run t
is "two stores: each gets the result" "$rc$err $(objects "$T/far") $(ls "$T/far" | sort | cksum)" "0 5 $(ls "$T/far2" | sort | cksum)"
fresh
like "two stores that have it: the first answers" "$rc$err $(hits) $out" "0 1 *cache hit (main), replaying*"
is "... and the second is not asked" "$(wc -l <"$T/log2")" 0
rm -rf "$T/far"
fresh
like "a first store without it: the second answers" "$rc$err $(hits) $out" "0 1 *cache hit (second), replaying*"
both '"fault": "down"'
fresh
like "... also when the first is down" "$rc $(hits) $err" "0 1 warning: plugin 'main': the server is away; it is not used any more in this run"
both '"fault": "hang", "timeout": "500ms"'
fresh
like "... or hangs" "$rc $(hits) $(cat out) $err" "0 1 one warning: plugin 'main': it does not answer; it is not asked for 30 s"
both '"mode": "read"' '"mode": "write"'
rm -rf "$T/far" "$T/far2"
file in.txt two
capture vt run t
is "one store to read, one to write: each does its part" "$rc$err $(objects "$T/far") $(objects "$T/far2")" "0 0 5"
fresh
is "... and nothing comes back" "$rc$err $(hits)" "0 0"
both '"fault": "fail"'
before=$(ls "$T/far2" | grep -c '^3-')
cd "$W"; file in.txt three
capture vt run t
is "a store that fails: the other gets all" "$rc $(ls "$T/far2" | grep -c '^3-')" "0 $((before + 1))"
finish
