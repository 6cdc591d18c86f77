# A task that kills its children as they start is kept, though the kernel reports a call that
# ended with its process just as one that a signal handler interrupted.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/run/trace/lib.sh"
: "${CC:=cc}"
workspace
file library.c 'int x;'
file kills.c '#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
static void on_signal(int n) { (void)n; }
static void on_request(int restarts)
{
	struct sigaction act;
	memset(&act, 0, sizeof act); act.sa_handler = on_signal; act.sa_flags = restarts ? SA_RESTART : 0;
	sigaction(SIGUSR1, &act, 0);
}
/* kills NUMBER SIGNAL: kills so many children as they start; storm NUMBER: is sent SIGUSR1 while the C library opens files */
int main(int argc, char **argv)
{
	int i, rounds = atoi(argv[2]), with = argc > 3 ? atoi(argv[3]) : 0, failed = 0;
	struct timespec a = { 0, 0 };
	on_request(0);
	for (i = 0; i < 40; i++) access("none", F_OK);
	if (!strcmp(argv[1], "kills"))
		for (i = 0; i < rounds; i++) {
			pid_t pid = fork();
			if (!pid) { signal(SIGUSR1, SIG_DFL); execlp("sleep", "sleep", "100", (char *)0); _exit(127); }
			a.tv_nsec = i % 50 * 20000;
			nanosleep(&a, 0);
			kill(pid, with);
			waitpid(pid, 0, 0);
		}
	else {
		pid_t up = getpid(), pid = fork();
		if (!pid) { a.tv_nsec = 200000; while (!kill(up, SIGUSR1)) nanosleep(&a, 0); _exit(0); }
		for (i = 0; i < rounds; i++) { void *l = dlopen("./library.so", RTLD_NOW); failed += !l; if (l) dlclose(l); }
		kill(pid, SIGKILL); waitpid(pid, 0, 0);
	}
	printf("%d\n", failed);
	return 0;
}'
if $CC -shared -fPIC -o library.so library.c 2>/dev/null && $CC kills.c -o kills -ldl 2>/dev/null; then
	for how in 15 9; do
		traced ./kills kills 300 $how; well "300 children that end by signal $how"
	done
	HOST_OPTIONS=-s; traced ./kills kills 100 9; HOST_OPTIONS=
	well "100 of them without the shim"
	traced ./kills storm 3000
	case "$(cat "$T/out") $end" in
	"0 "*) ok "a signal that is sent: no call fails, or it is said" 0 ;;
	*) like "a signal that is sent: no call fails, or it is said" "$end" "incomplete*a signal interrupted a call of the C library that waited for vt, and process * (kills)*" ;;
	esac
	echo "# $(cat "$T/out") failed, $end"
else skip "children that are killed" "no compiler"; fi
if command -v node >/dev/null; then
	file spawn.js 'const { spawn } = require("child_process"); let n = 0
	const next = () => { if (n++ === 60) return; const c = spawn("sleep", ["100"]); c.on("exit", next); c.kill(n % 2 ? "SIGTERM" : "SIGKILL") }
	next()'
	traced node spawn.js; well "node kills 60 children"
else skip "node" "it is not installed"; fi
# a shell that is told of each child's end by a handler: where a call was lost, one in hundreds, it is said
file job.sh 'sleep 100 & kill $!; wait'
file limit.sh 'timeout 0.05 sleep 100; true'
file Makefile 'all: a b c bad
a b c:
	@sleep 100
bad:
	@exit 3'
# kept STORY ROUNDS COMMAND...: most rounds are complete, and the others say why
kept() {
	local story=$1 rounds=$2 i lost=0 strange=
	shift 2
	for ((i = 0; i < rounds; i++)); do
		traced "$@"
		case $end in complete) ;; incomplete*a\ signal\ interrupted\ a\ call*) lost=$((lost + 1)) ;; *) strange+=" $end" ;; esac
	done
	is "$story: a lost call is told" "$strange" ""
	ok "$story: $lost of $rounds rounds are not complete, fewer than half" "$((lost * 2 >= rounds))"
}
for sh in bash dash; do
	if command -v $sh >/dev/null; then kept "a job that $sh kills" 100 $sh job.sh; else skip $sh "it is not installed"; fi
done
if command -v timeout >/dev/null; then kept "a command with a time limit" 20 sh limit.sh; else skip timeout "it is not installed"; fi
if command -v make >/dev/null; then kept "make whose other jobs end as one fails" 20 sh -c 'timeout 0.1 make -s -j4 2>/dev/null; true'; else skip make "it is not installed"; fi
finish
