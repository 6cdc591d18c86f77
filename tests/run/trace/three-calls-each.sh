# The tracer makes three calls for a call of the task: it receives, reads the path, lets go on; by the gate, none.
# Counted, not timed; the kernel's share is no less than that.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/run/trace/lib.sh"
requires strace
strace -o /dev/null true 2>/dev/null || skip_all "strace may not trace here"
: "${CC:=cc}"

workspace
mkdir folder; touch folder/file
file p.c '#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
int main(void)
{
	struct stat st;
	int dir = open("folder", O_RDONLY | O_DIRECTORY), bad = 0;
	for (int i = 0; i < 1000; i++)
		bad |= stat("/", &st) | fstatat(dir, "file", &st, 0) | access("folder", R_OK);
	return bad;
}'
$CC p.c -o p 2>"$T/err" || skip_all "no compiler"

# counted CALL: how often the thread made it
counted() { grep -c " $1(" "$T/log"; }
about() { ok "$1: $2" $(($2 < $3 || $2 > $3 + 100)); }
count() {                            # "story" OPTIONS
	strace -f -qq -o "$T/log" -e trace=poll,ioctl,process_vm_readv,readlink,readlinkat,open,openat,faccessat,faccessat2 \
		"$HOST" $2 -r "$PWD" -o "$T/notes" "$TRACER" ./p >/dev/null 2>&1 </dev/null
	is "$1: complete" "$(tail -n 1 "$T/notes")" complete
	command=$(grep -o '^[0-9]*' "$T/log" | sort | uniq -c | awk '{ print $2 }' | while read -r p; do grep -q "^$p .*NOTIF_RECV" "$T/log" && echo $p && break; done)
	# up to its last wait: what comes after it is settling
	grep "^$command " "$T/log" | grep -v "resumed>" | awk '{ line[NR] = $0 } /NOTIF/ { last = NR } END { for (i = 1; i <= last; i++) print line[i] }' >"$T/mine"
	mv "$T/mine" "$T/log"
}
how() {                              # "story" OPTIONS
	count "$1" "$2"
	about "$1: received" "$(grep -c NOTIF_RECV "$T/log")" 3000
	about "$1: let go on" "$(grep -c NOTIF_SEND "$T/log")" 3000
	about "$1: paths read" "$(counted process_vm_readv)" 3000
	about "$1: directories asked for, where there was one" "$(($(counted readlink) + $(counted readlinkat)))" 2000
	about "$1: looked at itself, once each" "$(($(counted faccessat) + $(counted faccessat2)))" 0
	about "$1: opened to ask" "$(($(counted open) + $(counted openat)))" 0
}
how "waiting where it receives" -s
about "waiting where it receives: no polls" "$(counted poll)" 0
how "where no signal is caught" "-s -p"
about "where no signal is caught: a poll each" "$(counted poll)" 3000
if [ "$(uname -m)" = x86_64 ]; then
	count "by the gate" ""
	about "by the gate: received" "$(grep -c NOTIF_RECV "$T/log")" 0
	about "by the gate: nothing else" "$(wc -l <"$T/log")" 0
else skip "by the gate" "there is none here"; fi
finish
