# Random commands over files, folders, links and modes, with vt and in a twin without a cache.
. "${0%/*}/../../lib/functions.sh" || exit
requires python3
python=$(command -v python3)
mkdir "$T/bin"
cp "$abs_top_builddir/tests/lib/play" "$T/bin/play"
seed=${TWIN_SEED:-1}                   # the same histories on each machine; make fuzz-runs plays new ones
echo "# replay.py --seed $seed"
"$python" "$abs_top_srcdir/tests/run/effects/replay.py" "$VT" "$T/bin/play" --seed "$seed" --count "${TWIN_COUNT:-150}" --seconds "${TWIN_SECONDS:-120}" >"$T/log" 2>&1
ok "no difference" $? || sed 's/^/# /' "$T/log"
sed 's/^/# /' "$T/log" | tail -n 1
like "commands were played to their end" "$(tail -n 1 "$T/log")" "*'whole': [1-9]*"
finish
