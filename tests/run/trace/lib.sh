# Sourced after functions.sh by the tests of the tracer: runs commands under the
# plugin alone, with trace-host, and checks the events.
HOST=$abs_top_builddir/tests/plugins/trace-host
CASE=$abs_top_builddir/tests/plugins/trace-case
TRACER=$abs_top_builddir/plugins/trace-linux/.libs/vt-trace-linux.so

# traced COMMAND...: below the current folder. $seen: OP FLAGS NAME [OTHER] lines,
# names relative to it; $end: "complete" or why not; $rc, $err
traced() {
	base_env timeout -k 5 "${VT_TIMEOUT:-300}" "$HOST" ${HOST_OPTIONS-} -r "$PWD" -o "$T/notes" "$TRACER" "$@" >"$T/out" 2>"$T/err" </dev/null
	rc=$? err=$(cat "$T/err")
	end=$(tail -n 1 "$T/notes") seen=$(sed -e '$d' -e "s|	$PWD/|	|g" -e "s|	$PWD\$|	.|" "$T/notes")
}
# was "story" OP NAME...: each was seen with OP
was() {
	local story=$1 op=$2 name missing=
	shift 2
	for name; do
		printf '%s\n' "$seen" | op=$op n=$name awk -F'\t' '$1 == ENVIRON["op"] && $3 == ENVIRON["n"] { f = 1 } END { exit !f }' || missing+=" $op:$name"
	done
	is "$story" "$missing" ""
}
# wasnt "story" OP NAME...
wasnt() {
	local story=$1 op=$2 name there=
	shift 2
	for name; do
		printf '%s\n' "$seen" | op=$op n=$name awk -F'\t' '$1 == ENVIRON["op"] && $3 == ENVIRON["n"] { f = 1 } END { exit !f }' && there+=" $op:$name"
	done
	is "$story" "$there" ""
}
# ops NAME: the ops with which this name was seen, in order
ops() { printf '%s\n' "$seen" | n=$1 awk -F'\t' '$1 == "BEFORE" { next } $3 == ENVIRON["n"] || $4 == ENVIRON["n"] { printf "%s%s", s, $1 ($2 ~ /r/ ? "-" : ""); s = " " }'; }
well() { is "$1: runs as ever" "$rc $err" "0 "; is "$1: the trace is complete" "$end" "complete"; }
[ -x "$HOST" ] && [ -e "$TRACER" ] || skip_all "the tracer is not built here"
