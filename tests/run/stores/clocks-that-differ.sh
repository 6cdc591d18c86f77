# Machines whose clocks are an hour apart share results: the clock of one that reads, of one that writes, and of the server.
# S3 refuses a signature that is an hour old: from its first answer on, requests are signed by its clock.
. "${0%/*}/../../lib/functions.sh" || exit
. "${0%/*}/../../lib/stores.sh" || exit
. "${0%/*}/../../lib/kinds.sh" || exit
$CC -shared -fPIC -O1 -o "$T/clock.so" "$abs_top_srcdir/tests/lib/clock.c" -ldl 2>"$T/cc.log" || skip_all "no C compiler works here: $(head -n 1 "$T/cc.log")"
tasks='"build": {"command": "mkdir -p out; cp in.txt out/a; echo built", "input": ["in.txt"], "output": ["out/**"]}'
# off HOURS COMMAND...: vt with a clock that many hours off
off() { with LD_PRELOAD="$T/clock.so" CLOCK_OFF=$(($1 * 3600)) "${@:2}"; }
off +1 capture vt --version
[ "$rc" = 0 ] || skip_all "this vt takes no library beside its own: $(head -n 1 "$T/err")"
story() {
	local hours
	workspace "$1"; file package.json '{"name":"root"}'; file in.txt zero; project "$use" "$tasks"; team "$where"
	off +1 capture base_env date +%s
	ok "$1: the clock is wrong" $((out - $(date +%s) < 3000))
	for hours in +1 -1; do
		cd "$W" && rm -rf .vt && file in.txt "w $hours"; off $hours capture vt run build
		is "$1: a clock of $hours h: its results are sent" "$rc$err$(hits)" 00
		clone B; capture vt run build
		is "$1: ... the other machines get them" "$rc$err$(hits)" 01
		file in.txt "r $hours"; capture vt run build
		clone C; file in.txt "r $hours"; off $hours capture vt run build
		is "$1: ... it gets theirs" "$rc$err$(hits)" 01
	done
	[ "$1" != folder ] || return
	for hours in +1 -1; do
		kind_starts "$1" env LD_PRELOAD="$T/clock.so" CLOCK_OFF=$((hours * 3600))
		team "$where"
		clone D; file in.txt "s $hours"; capture vt run build
		is "$1: a server of $hours h: is filled" "$rc$err$(hits)" 00
		clone E; file in.txt "s $hours"; capture vt run build
		is "$1: ... gives the results back" "$rc$err$(hits)" 01
	done
}
# refused: requests that the server called too old, or too early
refused() { grep -c ' 403 ' "$D/log"; }
story_of_s3() {
	local before
	workspace signed; file package.json '{"name":"root"}'; file in.txt told; project "$use" "$tasks"; team "$where"
	off +1 capture vt run -v build
	like "s3: -v tells whose clock counts" "$err" "*: its clock is 3[56]?? s behind this machine's: requests are signed by its clock*"
	is "s3: ... one request was refused" "$(refused)" 1
	before=$(refused)
	clone F; file in.txt told; off +26280 capture vt run build
	is "s3: a clock that is wrong by years: a hit" "$rc$err$(hits)" 01
	is "s3: ... one request was refused again" $(($(refused) - before)) 1
}
each_kind story
[[ " $KINDS " != *" s3 "* ]] || [ -n "$(kind_lacks s3)" ] || { kind_starts s3; story_of_s3; }
finish
