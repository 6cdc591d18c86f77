# Equal runs in two clones at the same time: each step leaves one RESULT and one STEP, in any order of ends, and the next clone hits.
. "${0%/*}/../../lib/functions.sh" || exit
. "${0%/*}/../../lib/far.sh" || exit
workspace
file package.json '{"name":"root"}'
config '"given": {"command": "cp in.txt out", "input": ["in.txt"], "output": ["out"]},
	"found": {"command": "sh -c \"cat in.txt >seen; echo done\"", "output": ["seen"]},
	"chain": {"command": "mkdir -p d && cp in.txt d/x", "input": ["in.txt"], "output": ["d/**"]}'
user
objects() { ls "$T/far" | grep -c "^$1-"; }
for task in given:1 found:1 chain:2; do
	for round in 1 2 3 4; do
		rm -rf "$T/far" "$T/one" "$T/other" "$T/next"
		cd "$W"; file in.txt "$task $round"
		for clone in one other; do (clone $clone; vt run ${task%:*} >"$T/$clone.out" 2>&1; echo $? >"$T/$clone.rc") & done
		wait
		clone next
		capture vt run ${task%:*}
		is "$task, round $round: one RESULT and one STEP for each step" \
			"$(cat "$T/one.rc" "$T/other.rc" | tr '\n' ' ')$(objects 3) $(objects 7)" "0 0 ${task#*:} ${task#*:}"
		is "$task, round $round: the next clone hits" "$rc $(hits)" "0 ${task#*:}"
	done
done
finish
