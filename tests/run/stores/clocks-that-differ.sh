# Machines whose clocks are an hour apart share results: the clock of one that reads, of one that writes, and of the server.
# S3 answers nobody whose signature is an hour old: that is told in one line, and nothing is lost.
. "${0%/*}/../../lib/functions.sh" || exit
. "${0%/*}/../../lib/stores.sh" || exit
. "${0%/*}/../../lib/kinds.sh" || exit
$CC -shared -fPIC -O1 -o "$T/clock.so" "$abs_top_srcdir/tests/lib/clock.c" -ldl 2>"$T/cc.log" || skip_all "no C compiler works here: $(head -n 1 "$T/cc.log")"
tasks='"build": {"command": "mkdir -p out; cp in.txt out/a; echo built", "input": ["in.txt"], "output": ["out/**"]}'
# off HOURS COMMAND...: vt whose clock is so far off
off() { with LD_PRELOAD="$T/clock.so" CLOCK_OFF=$(($1 * 3600)) "${@:2}"; }
off +1 capture vt --version
[ "$rc" = 0 ] || skip_all "this vt takes no library beside its own: $(head -n 1 "$T/err")"
# with_s3 HOURS: a run that has to do with an S3 server whose clock differs from its own
with_s3() {
	is "$1: it runs" "$rc$(hits)" 00
	has "$1: and is told why nothing is shared" "$err" "403 Forbidden: RequestTimeTooSkewed"
	is "$1: in one line" "$(grep -c . <<<"$err")" 1
}
story_of_s3() {
	local hours
	for hours in +1 -1; do
		clone B; file in.txt "w $hours"; off $hours capture vt run build; with_s3 "s3: a clock of $hours h"
		off $hours capture vt run build
		is "s3: near it hits" "$rc$err$(hits)" 01
		kind_starts s3 env LD_PRELOAD="$T/clock.so" CLOCK_OFF=$((hours * 3600)); team "$where"
		file in.txt "s $hours"; capture vt run build; with_s3 "s3: a server of $hours h"
		kind_starts s3; team "$where"
	done
	file in.txt right; capture vt run build
	clone C; file in.txt right; capture vt run build
	is "s3: with clocks that agree it is shared" "$rc$err$(hits)" 01
}
story() {
	local hours
	workspace "$1"; file package.json '{"name":"root"}'; file in.txt zero; project "$use" "$tasks"; team "$where"
	off +1 capture base_env date +%s
	ok "$1: the clock is off" $((out - $(date +%s) < 3000))
	[ "$1" != s3 ] || { story_of_s3; return; }
	for hours in +1 -1; do
		cd "$W" && rm -rf .vt && file in.txt "w $hours"; off $hours capture vt run build
		is "$1: a clock of $hours h: what it makes" "$rc$err$(hits)" 00
		clone B; capture vt run build
		is "$1: ... the others get" "$rc$err$(hits)" 01
		file in.txt "r $hours"; capture vt run build
		clone C; file in.txt "r $hours"; off $hours capture vt run build
		is "$1: ... and it gets theirs" "$rc$err$(hits)" 01
	done
	[ "$1" != folder ] || return
	for hours in +1 -1; do
		kind_starts "$1" env LD_PRELOAD="$T/clock.so" CLOCK_OFF=$((hours * 3600))
		team "$where"
		clone D; file in.txt "s $hours"; capture vt run build
		is "$1: a server of $hours h is filled" "$rc$err$(hits)" 00
		clone E; file in.txt "s $hours"; capture vt run build
		is "$1: ... and gives it back" "$rc$err$(hits)" 01
	done
}
each_kind story
finish
