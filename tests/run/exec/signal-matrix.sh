# Every signal to the runner alone, with every kind of task: no process of the task survives.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/lib/tools.sh"
requires setsid
workspace
tools
# Names with VT_ reach cached tasks, too.
# each tool notes the pids of all its processes, then says ready
note='echo $$ >>"$VT_PIDS"'
tool plain "$note; echo ready >>\"\$VT_READY\"; exec sleep 300"
tool one "$note; exec sleep 300"
tool deaf "$note; trap '' INT TERM HUP; echo ready >>\"\$VT_READY\"; i=0; while [ \$i -lt 60 ]; do sleep 5; i=\$((i+1)); done"
tool deaf-child 'deaf & wait'
# a child in a session of its own, whose parent has ended; the child notes a signal that it gets, or is deaf
tool daemon "$note; setsid -f daemon-child \"\$@\" >/dev/null 2>&1 </dev/null; exec sleep 300"
tool daemon-child "case \$1 in deaf) trap '' INT TERM HUP;; *) trap 'echo got it >>\"\$VT_READY\"; exit 0' INT TERM HUP;; esac
$note; echo ready >>\"\$VT_READY\"; i=0; while [ \$i -lt 3000 ]; do sleep 0.1; i=\$((i+1)); done"
tool two 'while [ "$(wc -l <"$VT_PIDS")" -lt 2 ]; do sleep 0.05; done; echo ready >>"$VT_READY"'
file package.json '{"name":"r","scripts":{"plain":"plain","sh":"sh -c \"one & one & two; wait\"","deaf":"deaf","deaf-child":"deaf-child","daemon":"daemon","deaf-daemon":"daemon deaf"}}'
code() { case $1 in INT) echo 130;; TERM) echo 143;; HUP) echo 129;; KILL) echo 137;; esac; }
# cell MODE SIGNAL TASK: makes one run, and writes its result into a folder of its own
cell() {
	local d=$T/cells/$1.$2.$3 rc p leaf left=0
	mkdir -p "$d"; : >"$d/ready"; : >"$d/pids"
	with VT_READY="$d/ready" VT_PIDS="$d/pids" VT_CACHE_DIR="$d/cache" base_env "$abs_top_builddir/tests/lib/send-signal" "$d/ready" "$2" "" "$VT" run $1 "$3" </dev/null >"$d/out" 2>"$d/err"
	rc=$?
	[ -s "$d/pids" ] || left=none
	for p in $(cat "$d/pids"); do wait_gone "$p" || left=$p; done
	# the exit code of the task itself
	leaf=$(with VT_CACHE_DIR="$d/cache" vt run --last-details 2>/dev/null | sed -n 's/.*(exit code: \([0-9]*\)).*/\1/p')
	echo $rc $left ${leaf:-none} $(cat "$d/ready.took") >"$d/result"
}
cells() { local m s t; for m in ${1//,/ }; do for s in ${2//,/ }; do for t in ${3//,/ }; do echo "$m $s $t"; done; done; done; }
all=$(
	cells --log=interleaved INT,TERM,HUP,KILL plain,sh,daemon,deaf
	cells --log=labeled,--cache TERM,KILL plain,sh,daemon
	cells --log=labeled TERM,KILL deaf-child,deaf-daemon
	cells --log=interleaved INT,HUP deaf-child,deaf-daemon
)
n=0
while read -r mode s task; do
	cell $mode $s $task &
	n=$((n + 1))
	[ $((n % 6)) -ne 0 ] || wait
done <<<"$all"
wait
while read -r mode s task; do
	read -r rc left leaf took <"$T/cells/$mode.$s.$task/result"
	is "$mode: $s to $task: nothing is left" "$left" 0
	is "$mode: $s to $task: exit code" "$rc" $(code $s)
	case $task:$s in
	*:KILL) ;;
	deaf:*)
		is "$mode: $s to $task: it had to be killed" "$leaf" 137
		ok "$mode: $s to $task: after 5 s of grace ($took ms)" $((took < 4900)) ;;
	*) is "$mode: $s to $task: it died of the signal" "$leaf" $(code $s) ;;
	esac
	case $task:$s in
	daemon:KILL) ;;
	daemon:*) has "$mode: $s to $task: so did its daemon" "$(cat "$T/cells/$mode.$s.$task/ready")" "got it" ;;
	esac
done <<<"$all"
finish
