# A cached task prints 200 MB: neither the run that keeps it nor the hit holds it in memory. A task that prints more
# than 1 GiB is not kept, and vt says so.
. "${0%/*}/../../lib/functions.sh" || exit
requires python3
[[ ! ${ASAN_OPTIONS-}${TSAN_OPTIONS-} ]] || skip_all "a sanitizer needs memory of its own"
workspace
file package.json '{"name":"r"}'
file vite-task.json '{"tasks":{
	"few":{"command":"sh -c \"echo few\"","input":[]},
	"many":{"command":"sh -c \"yes 0123456789abcdef0123456789abcdef | head -c 200000000; echo end; echo other >&2\"","input":[]},
	"most":{"command":"sh -c \"yes 0123456789abcdef0123456789abcdef | head -c 1100000000\"","input":[]}}}'
cat >"$T/peak.py" <<'E2'
import os, subprocess, sys
p = subprocess.Popen(sys.argv[2:], stdout=open(sys.argv[1], "w"))
_, status, usage = os.wait4(p.pid, 0)
print(os.waitstatus_to_exitcode(status), usage.ru_maxrss)
E2
peak() { read -r rc kib <<<"$(_limited 240 python3 "$T/peak.py" "$T/printed" "$VT" run "$1" 2>"$T/err")"; }
peak few; least=$kib
peak many; cp "$T/printed" "$T/first"
is "200 MB of output: the task runs" $rc 0
ok "... in 16 MiB more than a task that prints little ($least, $kib KiB)" $((kib > least + 16384))
peak many
has "... the second run is a hit" "$(head -n 1 "$T/printed")" "cache hit"
ok "... in 16 MiB more ($kib KiB)" $((kib > least + 16384))
is "... that prints the same" "$(tail -n +2 "$T/printed" | head -c 200000004 | cksum)" "$(tail -n +2 "$T/first" | head -c 200000004 | cksum)"
rm -f "$T/first" "$T/printed"
capture vt run most
rm -f "$T/out"
out=
capture vt run --last-details
has "more than 1 GiB of output: not kept, and the reason is told" "$rc $out" "Not cached: it printed more than 1 GiB"
finish
