# Sourced by the campaigns: each is NAME.py beside its NAME.sh and tries something ROUNDS times, with choices that
# come from SEED alone; FROM leaves out the first of a list of cases. Without ROUNDS a short form runs, which is part of the check; `make soak` runs the long ones.
#
#   campaign SHORT LONG "story"
. "${BASH_SOURCE[0]%/*}/../lib/functions.sh" || exit
requires python3
campaign() {
	local name=${0##*/} rounds=$1
	name=${name%.sh}
	[ -z "${SOAK-}" ] || rounds=$2
	rounds=${ROUNDS:-$rounds}
	workspace
	seed
	# a campaign of many runs leaves few descriptors open for its own use
	with SEED="$SEED" FROM="${FROM:-0}" PYTHONDONTWRITEBYTECODE=1 LIB="$abs_top_builddir/tests/lib" CC="$CC" SOAK_BY="$abs_top_srcdir/tests/soak" \
		_limited "${SOAK_LIMIT:-36000}" python3 "$abs_top_srcdir/tests/soak/$name.py" "$VT" "$W" "$rounds" >"$T/soak.out" 2>"$T/soak.err"
	is "$name ends by itself" "$? $(<"$T/soak.err")" "0 "
	grep '^#' "$T/soak.out"
	is "$3, $rounds times" "$(grep '^FAULT' "$T/soak.out")" ""
	finish
}
