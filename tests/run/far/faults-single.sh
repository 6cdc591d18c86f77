# A store without batches has more calls under way and waiting than threads: one that hangs is told once, and costs no more than one call.
. "${0%/*}/../../lib/functions.sh" || exit
. "${0%/*}/../../lib/far.sh" || exit
workspace
n=40
printf 'packages: ["p/*"]\n' >pnpm-workspace.yaml
for ((i = 0; i < n; i++)); do
	file p/$i/package.json "{\"name\": \"p$i\"}"
	file p/$i/in.txt $i
	file p/$i/vite-task.json '{"tasks": {"t": {"command": "mkdir -p out && cp in.txt out/x", "input": ["in.txt"], "output": ["out/**"]}}}'
done
config '' '{"use": "far-single", "as": "main"}'
user
capture vt run -r t
is "a store that works is filled" "$rc$err $(ls "$T/far" | grep -c '^7-')" "0 $((n * 2))"
cp -r "$T/far" "$T/far.good"
# a fault may cost 2 s, which tests/bench/extra-far.sh measures; the limit here lets a loaded machine pass
limit=15000
spent() { local from=$EPOCHREALTIME; VT_TIMEOUT=60 capture vt run -r t; ms=$(((${EPOCHREALTIME/./} - ${from/./}) / 1000)); }
# faulty NAME OPTIONS WARNING: a fresh clone that can get all results, then one that must send all results
faulty() {
	rm -rf "$T/far"; cp -r "$T/far.good" "$T/far"
	user "\"fault\": \"$1\"${2:+, $2}"
	cd "$W"; rm -rf "$T/x"; clone x; rm -rf p/*/out
	spent
	is "$1 $2: a fresh clone: the tasks are done" "$rc $(cat p/*/out/x | sort -n | cksum)" "0 $(seq 0 $((n - 1)) | cksum)"
	ok "$1 $2: ... within seconds ($ms ms)" $((ms > limit))
	[ "$1" = hang-put ] || like "$1 $2: one line says what the store does" "$err" "$3"
	rm -rf "$T/far"
	cd "$W"; rm -rf "$T/x"; clone x; rm -rf p/*/out
	spent
	is "$1 $2: new results: the tasks are done" "$rc $(cat p/*/out/x | sort -n | cksum)" "0 $(seq 0 $((n - 1)) | cksum)"
	ok "$1 $2: ... within seconds ($ms ms)" $((ms > limit))
	[ "$1" = drip ] || like "$1 $2: one line says what the store does" "$(printf '%s\n' "$err" | grep -v '^sending results')" "$3"
	user '"fault": "down"'
	rm -rf p/*/out
	capture vt run -r t
	is "$1 $2: near nothing was lost" "$rc $(hits)" "0 $((n * 2))"
}
hangs="warning: plugin 'main': it does not answer; it is not asked for 30 s"
faulty hang '' "$hangs"
# a machine that stands still for the 250 ms between the question and the end gives the other sentence
faulty hang '"polite": true' "warning: plugin 'main': it @(is too slow|does not answer); it is not asked for 30 s"
faulty hang-put '' "$hangs"
faulty drip '' "$hangs"
faulty fail '' "warning: plugin 'main': the server answers 500; it is not asked for 30 s"
faulty down '' "warning: plugin 'main': the server is away; it is not used any more in this run"
finish
