# Random histories, with vt and without a cache: workspace and terminal are the same.
. "${0%/*}/../../lib/functions.sh" || exit
requires python3
python=$(command -v python3)
mkdir "$T/bin"
cp "$abs_top_builddir/tests/lib/play" "$T/bin/play"
seed=${SEED:-1}                        # the same histories on each machine; make fuzz-runs plays new ones
played=()
declare -A count=([chains]=150 [commands]=150 [overlaps]=50 [undisturbed]=6)
kinds=(chains commands overlaps undisturbed)
for kind in "${kinds[@]}"; do
	echo "# histories.py $kind --seed $seed"
	PYTHONDONTWRITEBYTECODE=1 "$python" "$abs_top_srcdir/tests/run/effects/histories.py" "$kind" "$VT" "$T/bin/play" --seed "$seed" \
		--count "${HISTORIES:-${count[$kind]}}" --seconds "${SECONDS_EACH:-120}" >"$T/$kind" 2>&1 &
	played+=($!)
done
for kind in "${kinds[@]}"; do
	wait "${played[0]}"
	ok "$kind: vt and a run without a cache do not differ" $? || sed 's/^/# /' "$T/$kind"
	played=("${played[@]:1}")
	last=$(tail -n 1 "$T/$kind")
	echo "# $last"
	like "... all histories were played to their end" "$last" "*'whole': [1-9]*"
	like "... and runs hit" "$last" "*'hits': [1-9]*"
done
finish
