# A signal interrupts the last call of a static program before the tracer receives it. The program
# sees an error that it would not see undisturbed, so nothing is kept.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/run/trace/lib.sh"
: "${CC:=cc}"
DENY=$abs_top_builddir/tests/plugins/trace-deny
workspace
echo x >a
# last KIND UP DOWN DOWN2: writes its process and its parent to UP, waits for a byte from DOWN, looks for 'a', writes the
# result to UP, and ends. Some kinds have a second process, which waits for a byte from DOWN2.
file last.c '#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
static volatile sig_atomic_t came;
static int up;
static void on_signal(int n) { (void)n; came = 1; }
static void handle(int n) { struct sigaction act; memset(&act, 0, sizeof act); act.sa_handler = on_signal; sigaction(n, &act, 0); }
static void tell(const char *text) { if (write(up, text, strlen(text)) < 0) _exit(3); }
static void tell_process(void) { char text[32]; snprintf(text, sizeof text, "%d %d\n", (int)getpid(), (int)getppid()); tell(text); }
static void await(int fd) { char c; while (read(fd, &c, 1) < 0 && errno == EINTR) ; }
static void alarms(void) { struct itimerval every = { { 0, 5000 }, { 0, 5000 } }; setitimer(ITIMER_REAL, &every, 0); }
static void look(void) { struct stat st; tell(stat("a", &st) == 0 ? "found\n" : errno == EINTR ? "interrupted\n" : "failed\n"); _exit(0); }
int main(int argc, char **argv)
{
	const char *kind = argc > 4 ? argv[1] : "";
	int down, down2, other = 0;
	up = open(argv[2], O_WRONLY | O_CLOEXEC); down = open(argv[3], O_RDONLY | O_CLOEXEC); down2 = open(argv[4], O_RDONLY | O_CLOEXEC);
	if (!strcmp(kind, "alarm") || !strcmp(kind, "calm")) handle(SIGALRM);
	if (!strcmp(kind, "child")) handle(SIGCHLD);
	if (!strcmp(kind, "request")) handle(SIGUSR1);
	if (!strcmp(kind, "request")) {
		other = fork();
		if (!other) { kill(getppid(), SIGUSR1); _exit(0); }
		while (waitpid(other, 0, 0) < 0) ;
		if (!came) _exit(4);
	}
	tell_process();
	if (!strcmp(kind, "child") || !strcmp(kind, "pair") || !strcmp(kind, "behind")) {
		other = fork();
		if (!other) {
			if (kind[0] == (char)99) { await(down2); _exit(0); }
			handle(SIGALRM); tell_process(); await(down2); alarms();
			if (!strcmp(kind, "behind")) { struct stat st; tell(stat("a", &st) == 0 ? "found\n" : "interrupted\n"); signal(SIGALRM, SIG_IGN); await(down2); _exit(0); }
			look();
		}
	}
	await(down);
	if (!strcmp(kind, "behind")) _exit(0);
	if (!strcmp(kind, "alarm")) alarms();
	look();
}'
$CC -static -o last last.c 2>"$T/err" || skip_all "nothing static can be built"
mkfifo "$T/up" "$T/down" "$T/down2"
exec 5<>"$T/up" 6<>"$T/down" 7<>"$T/down2"
heard() { line=; read -r -t 60 -u 5 line || line=nothing; }
# is_in STATES PROCESS
is_in() { local text; { read -r text <"/proc/$2/stat"; } 2>/dev/null || text=') X'; text=${text##*) }; [[ ${text%% *} == [$1] ]]; }
# stop PROCESS: returns when all of its threads stand still; one that goes on could still receive a call
stop() { kill -STOP "$1"; until_true threads_stopped "$1"; }
threads_stopped() { local task; for task in /proc/"$1"/task/*; do is_in T "${task#/proc/}" || return 1; done; }
call_of() { local number rest; { read -r number rest <"/proc/$1/syscall"; } 2>/dev/null || number=none; printf %s "$number"; }
# in_other_call PROCESS: it waits in another call than in $waited
in_other_call() { local now; now=$(call_of "$1"); [[ $now != running && $now != "$waited" ]]; }
# begin KIND: starts the program, and stops the tracing process when the program waits for its byte
begin() {
	program=${PROGRAM:-./last}
	base_env timeout -k 5 120 ${UNDER-} "$HOST" ${HOST_OPTIONS-} -r "$PWD" -o "$T/notes" "$TRACER" "$program" "$1" "$T/up" "$T/down" "$T/down2" </dev/null >/dev/null 2>"$T/err" &
	task=$!
	heard; pid=${line% *} tracer=${line#* }
	case $1 in pair | behind) heard; second=${line% *} ;; esac
	until_true is_in S "$pid"            # it waits for the byte
	stop "$tracer"
}
over() { wait "$task"; rc=$?; end=$(tail -n 1 "$T/notes"); err=$(cat "$T/err"); }
go_on() { kill -CONT "$tracer"; over; }
disturbed() {                        # "story"
	is "$1: the call fails" "$line" interrupted
	is "... the program ends well" "$rc $err" "0 "
	like "... the trace is incomplete" "$end" "incomplete*a signal interrupted a call that waited for vt, and process * (last*), which has handlers*runs without vt's shim"
}
kept() {                             # "story"
	is "$1: the call works" "$line" found
	is "... the program ends well" "$rc $err" "0 "
	is "... the trace is complete" "$end" complete
}
# release FD PROCESS: sends the byte that the process waits for
release() { waited=$(call_of "$2"); printf . >&"$1"; }
by_alarm() { begin alarm; printf . >&6; heard; until_true is_in ZX "$pid"; go_on; disturbed "$1"; }
by_child() { begin child; release 6 "$pid"; until_true in_other_call "$pid"; printf . >&7; heard; until_true is_in ZX "$pid"; go_on; disturbed "$1"; }
by_request() { begin request; release 6 "$pid"; until_true in_other_call "$pid"; kill -USR1 "$pid"; heard; until_true is_in ZX "$pid"; go_on; disturbed "$1"; }
# the call of the first process waits and is received; meanwhile that of the second one is interrupted
by_pair() {
	begin pair; release 6 "$pid"; until_true in_other_call "$pid"; printf . >&7; heard; until_true is_in ZX "$second"
	first=$line
	kill -CONT "$tracer"; heard; is "$1: the other call works" "$line" found; line=$first
	over; disturbed "$1"
}
# the first process ends, and the second one lives on after its call
by_one_behind() {
	begin behind; printf . >&6; until_true is_in ZX "$pid"; printf . >&7; heard
	kill -CONT "$tracer"; over; printf . >&7; disturbed "$1"
}
undisturbed() { begin "$2"; release 6 "$pid"; until_true in_other_call "$pid"; kill -CONT "$tracer"; heard; over; kept "$1"; }

by_alarm "a timer"
undisturbed "the same without the timer" calm
undisturbed "a program without handlers" none
if [ "$(call_of $$)" = none ]; then skip "other signals" "no call of a process can be seen here"
else
	by_child "the end of a child"
	by_request "a signal that a program sends"
	by_pair "one of two processes"
fi
by_one_behind "a background process"
if command -v musl-gcc >/dev/null && musl-gcc -static -o last-musl last.c 2>/dev/null; then
	PROGRAM=./last-musl by_alarm "musl"
else skip "musl" "it is not installed"; fi

# count PROCESSES: each sets a timer and makes one call; prints how many calls were interrupted
file count.c '#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
static void on_alarm(int n) { (void)n; }
int main(int argc, char **argv)
{
	int *n = mmap(0, sizeof *n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0), processes = argc > 1 ? atoi(argv[1]) : 1;
	struct sigaction act;
	memset(&act, 0, sizeof act); act.sa_handler = on_alarm;
	sigaction(SIGALRM, &act, 0);
	while (processes-- > 0)
		if (!fork()) {
			struct itimerval soon = { { 0, 100 }, { 0, 50 + 20 * (processes % 10) } };
			struct stat st;
			setitimer(ITIMER_REAL, &soon, 0);
			if (stat("a", &st) && errno == EINTR) __atomic_add_fetch(n, 1, __ATOMIC_SEQ_CST);
			_exit(0);
		}
	while (waitpid(-1, 0, 0) > 0) ;
	printf("%d\n", *n);
	return 0;
}'
$CC -static -o count count.c
wrong= disturbed=0
for i in {1..60}; do
	traced ./count $((1 + i % 8))
	case "$(cat "$T/out") $end" in
	"0 complete") ;;
	[1-9]*" incomplete"*"a signal interrupted a call"*) disturbed=$((disturbed + 1)) ;;
	*) wrong+="$(cat "$T/out") interrupted, $end; " ;;
	esac
done
is "many processes: the trace is incomplete exactly if a call was interrupted" "$wrong" ""
echo "# $disturbed of 60 runs were disturbed"

# where the kernel cannot tell of the last call, every such program counts as disturbed
doubted() {                          # "story" ERRNO-TEXT
	undisturbed "$1: without handlers" none
	begin calm; printf . >&6; kill -CONT "$tracer"; heard; over
	is "$1: the call works" "$line $rc $err" "found 0 "
	like "... the trace is incomplete" "$end" "incomplete*a signal may have interrupted a call that waited for vt: process * (last), which has handlers*runs without vt's shim*: $2"
}
UNDER="$DENY no-aio" doubted "without asynchronous polls" "Function not implemented"
HOST_OPTIONS=-p doubted "under a host that catches no signal" "Operation not supported"

# the same with the runner, whose tracing thread is in vt itself
file package.json '{"name":"app","private":true}'
run() {                              # KIND
	printf '{"cache":true,"tasks":{"t":{"command":"./last %s %s/up %s/down %s/down2"}}}\n' "$1" "$T" "$T" "$T" >vite-task.json
	vt run -v t >"$T/out" 2>"$T/err" </dev/null & task=$!
	heard; pid=${line% *}
	until_true is_in S "$pid"
	tracer=${line#* }
	while [ "$(cat "/proc/$tracer/comm")" = vt-supervisor ]; do tracer=$(sed -n 's/^PPid:	//p' "/proc/$tracer/status"); done
	stop "$tracer"
	printf . >&6
}
run alarm; heard; until_true is_in ZX "$pid"; kill -CONT "$tracer"; wait $task; rc=$?
is "vt run, a timer: the call fails" "$line $rc" "interrupted 0"
has "... the task is not kept, with the reason" "$(cat "$T/out")" "Not cached: automatic input tracking is incomplete (a signal interrupted a call that waited for vt, and process $pid (last)"
run calm; kill -CONT "$tracer"; heard; wait $task; rc=$?
is "vt run, without the timer: the call works" "$line $rc" "found 0"
hasnt "... the task is kept" "$(cat "$T/out")" "Not cached"
finish
