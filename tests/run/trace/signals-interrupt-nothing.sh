# A signal that comes while a call waits for the tracer makes no call fail; where it may
# have, nothing is kept.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/run/trace/lib.sh"
: "${CC:=cc}"
ROUNDS=1500
workspace
mkdir d; echo x >a; echo x >d/b

file jobs.sh 'i=0 n=0
while [ $i -lt '$ROUNDS' ]; do
	/bin/true & [ -f a ] || n=$((n + 1)); cd d || n=$((n + 1)); [ -f b ] || n=$((n + 1)); cd .. || n=$((n + 1)); i=$((i + 1))
done 2>/dev/null
wait; echo $n'
file timer.py "import os, signal
signal.signal(signal.SIGALRM, lambda *a: None); signal.siginterrupt(signal.SIGALRM, True)
signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
n = 0
for i in range($ROUNDS):
    n += not os.path.exists('a'); n += not os.path.isdir('d')
    try: n += len(os.listdir('d')) != 1; open('d/b').close(); os.chdir('d'); os.chdir('..'); os.rename('a', 'c'); os.rename('c', 'a'); os.path.realpath('d/b')
    except OSError: n += 1
signal.setitimer(signal.ITIMER_REAL, 0)
print(n)"
file timer.pl "use POSIX; use Time::HiRes qw(setitimer ITIMER_REAL);
# perl runs the handler between two of its operations: within one it would destroy its memory
my \$act = POSIX::SigAction->new(sub {}, POSIX::SigSet->new(), 0); \$act->safe(1); sigaction(SIGALRM, \$act); setitimer(ITIMER_REAL, 0.0005, 0.0005);
my \$n = 0;
for (1 .. $ROUNDS) { \$n++ unless -f 'a'; \$n++ unless -d 'd'; opendir(my \$d, 'd') or \$n++; open(my \$f, '<', 'a') or \$n++; chdir 'd' or \$n++; chdir '..' or \$n++ }
setitimer(ITIMER_REAL, 0); print \"\$n\\n\";"
file timer.c "#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>
static void on_alarm(int n) { (void)n; }
int main(void)
{
	struct itimerval every = { { 0, 500 }, { 0, 500 } }, never = { { 0, 0 }, { 0, 0 } };
	struct sigaction act;
	struct stat st;
	glob_t g;
	FILE *f;
	int i, n = 0, fd;
	memset(&act, 0, sizeof act); act.sa_handler = on_alarm;
	sigaction(SIGALRM, &act, 0);
	setitimer(ITIMER_REAL, &every, 0);
	for (i = 0; i < $ROUNDS; i++) {
		n += stat(\"a\", &st) != 0; n += access(\"d\", F_OK) != 0; n += (fd = open(\"a\", O_RDONLY)) < 0; close(fd);
		n += glob(\"d/*\", 0, 0, &g) != 0 || g.gl_pathc != 1; globfree(&g);
		n += chdir(\"d\") != 0; n += chdir(\"..\") != 0;
		f = fopen(\"a\", \"r\"); n += !f;
		if (f) { f = freopen(\"d/b\", \"r\", f); n += !f; if (f) fclose(f); }
		n += pathconf(\"a\", _PC_LINK_MAX) < 0;
#ifdef __GLIBC__
		{
			struct dirent **list = 0;
			int names = scandirat(AT_FDCWD, \"d\", &list, 0, 0);
			n += names != 3; while (names > 0) free(list[--names]); free(list);
		}
#endif
	}
	setitimer(ITIMER_REAL, &never, 0);
	printf(\"%d\\n\", n);
	return 0;
}"

never() {                            # "story" COMMAND...
	local story=$1
	shift
	traced "$@"
	is "$story: no call fails" "$(cat "$T/out") $err" "0 "
	is "$story: the trace is complete" "$end" complete
}
# either nothing happened, or it is said that something may have
or_says() {
	local story=$1
	shift
	traced "$@"
	case "$(cat "$T/out") $end" in
	"0 "*) ok "$story: no call fails, or the trace says that one may have" 0 ;;
	*) like "$story: no call fails, or the trace says that one may have" "$end" "incomplete*a signal interrupted a call*runs without vt's shim" ;;
	esac
}
if command -v dash >/dev/null; then never "dash with background jobs" dash jobs.sh; else skip dash "it is not installed"; fi
if command -v python3 >/dev/null; then never "python with a timer" python3 timer.py; else skip python "it is not installed"; fi
if command -v perl >/dev/null; then never "perl with a timer" perl timer.pl; else skip perl "it is not installed"; fi
if command -v busybox >/dev/null; then
	if ldd "$(command -v busybox)" >/dev/null 2>&1; then never "a dynamic busybox" busybox sh jobs.sh
	else or_says "a static busybox" busybox sh jobs.sh; fi
else skip busybox "it is not installed"; fi
if $CC timer.c -o timer 2>/dev/null; then never "a program in C" ./timer; else skip "a program in C" "no compiler"; fi
if $CC -static timer.c -o timer-static 2>/dev/null; then or_says "a static program" ./timer-static; else skip "a static program" "nothing static can be built"; fi
if command -v musl-gcc >/dev/null && musl-gcc timer.c -o timer-musl 2>/dev/null && ./timer-musl >/dev/null 2>&1; then
	never "a program with musl" ./timer-musl
	musl-gcc -static timer.c -o timer-musl && or_says "the same, static" ./timer-musl
else skip "musl" "it is not installed"; fi
or_says "a program with an empty environment" env -i ./timer
HOST_OPTIONS=-s
or_says "a program without the shim" ./timer
HOST_OPTIONS=

# Between vfork and exec the C library calls the kernel itself, and waits for vt. It blocks all signals there.
file spawn.c "#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
static void on_change(int n) { (void)n; }
int main(void)
{
	char *argv[] = { (char *)\"true\", 0 }, *none[] = { 0 };
	posix_spawn_file_actions_t actions;
	struct sigaction act;
	int i, n = 0, status;
	pid_t sender, pid, parent = getpid();
	memset(&act, 0, sizeof act); act.sa_handler = on_change;
	setpgid(0, 0);
	sigaction(SIGWINCH, &act, 0);
	sender = fork();
	if (!sender) { signal(SIGWINCH, SIG_IGN); while (getppid() == parent) { kill(0, SIGWINCH); usleep(100); } _exit(0); }
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 5, \"a\", O_RDONLY, 0);
	for (i = 0; i < 300; i++) {
		if (posix_spawn(&pid, \"/bin/true\", &actions, 0, argv, none)) { n++; continue; }
		while (waitpid(pid, &status, 0) < 0) ;
		n += status != 0;
	}
	for (i = 0; i < 20; i++) n += system(\"[ -f a ]\") != 0;
	kill(sender, SIGKILL);
	while (waitpid(sender, 0, 0) < 0) ;
	printf(\"%d\\n\", n);
	return 0;
}"
if $CC spawn.c -o spawn 2>/dev/null; then
	traced ./spawn; is "posix_spawn and system: no call fails" "$(cat "$T/out") $err" "0 "
else skip "posix_spawn and system" "no compiler"; fi

# calls that the C library makes itself, where no shim can make them again
file within.c "#include <dlfcn.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
static void on_alarm(int n) { (void)n; }
int main(void)
{
	struct itimerval every = { { 0, 300 }, { 0, 300 } }, never = { { 0, 0 }, { 0, 0 } };
	struct sigaction act;
	int i, n = 0;
	memset(&act, 0, sizeof act); act.sa_handler = on_alarm;
	sigaction(SIGALRM, &act, 0);
	setitimer(ITIMER_REAL, &every, 0);
	for (i = 0; i < $ROUNDS; i++) {
		void *l = dlopen(\"./library.so\", RTLD_NOW);
		n += !l; if (l) dlclose(l);
		n += !getpwnam(\"root\");
	}
	setitimer(ITIMER_REAL, &never, 0);
	printf(\"%d\\n\", n);
	return 0;
}"
echo 'int x;' >library.c
if $CC -shared -fPIC -o library.so library.c 2>/dev/null && $CC within.c -o within -ldl 2>/dev/null && [ "$(./within)" = 0 ]; then
	traced ./within
	case "$(cat "$T/out") $end" in
	"0 "*) ok "within the C library: no call fails, or the trace says that one may have" 0 ;;
	*) like "within the C library: no call fails, or the trace says that one may have" "$end" "incomplete*a signal interrupted a call of the C library that waited for vt, and process * (within)*" ;;
	esac
	echo "# $(cat "$T/out") failed, $end"
else skip "within the C library" "it cannot be tried here"; fi

# the shim is not noticed
file small.c 'extern int puts(const char *);
extern void exit(int);
void _start(void) { __asm__ volatile("and $-16, %esp"); puts("hi"); exit(0); }'
for libc in /lib32/libc.so.6 /lib/i386-linux-gnu/libc.so.6 /usr/lib32/libc.so.6 /lib/libc.so.6; do
	$CC -m32 -fno-pic -no-pie -fno-stack-protector -nostdlib -o small-32 small.c $libc -Wl,-dynamic-linker,/lib/ld-linux.so.2 2>/dev/null && break
done
if [ "$(./small-32 2>/dev/null)" = hi ]; then
	traced sh -c './small-32 >/dev/null'; is "a program of 32 bits: the loader prints nothing" "$rc $err" "0 "
else skip "a program of 32 bits" "none can be built"; fi
traced sh -c 'for i in 1 2 3; do (exec /bin/true) & done; wait; vfork=1 /bin/true'; well "processes that only start others"
traced sh -c 'echo $LD_PRELOAD | grep -c shim'; is "the shim is loaded" "$(cat "$T/out")" 1
if command -v ldd >/dev/null && [ -x /bin/true ]; then
	traced ldd /bin/true; is "ldd does not list the shim" "$(grep -c shim "$T/out")" 0
	has "ldd lists other libraries" "$(cat "$T/out")" "libc"
else skip "ldd" "it is not installed"; fi
traced sh -c 'ls /proc/self/fd'; with_shim=$(cat "$T/out")
HOST_OPTIONS=-s; traced sh -c 'ls /proc/self/fd'; HOST_OPTIONS=
is "the shim holds no descriptor" "$with_shim" "$(cat "$T/out")"
mkfifo pipe; file waits.py 'import os, signal, threading
signal.signal(signal.SIGALRM, lambda *a: None); signal.siginterrupt(signal.SIGALRM, True)
import ctypes; c = ctypes.CDLL(None, use_errno=True)
signal.setitimer(signal.ITIMER_REAL, 0.2)
print(c.open(b"pipe", 0), ctypes.get_errno() == 4)'
if command -v python3 >/dev/null; then
	traced python3 waits.py; is "a call that really waits is still interrupted" "$(cat "$T/out")" "-1 True"
fi
if [ "$(id -u)" = 0 ] && command -v chroot >/dev/null; then
	mkdir -p root; for f in /bin/true $(ldd /bin/true | grep -o '/[^ ]*'); do mkdir -p "root$(dirname "$f")"; cp -L "$f" "root$f"; done
	if chroot root /bin/true 2>/dev/null; then
		traced chroot root /bin/true; is "another root, without the shim: the loader prints nothing" "$rc $err" "0 "
	else skip "in another root" "none can be made here"; fi
else skip "in another root" "only root may change it"; fi
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	mkdir -p "$T/private/x"; cp "$TRACER" "$T/private/x/"; cp -RP "${TRACER%/*}/../shim.d" "$T/private/"; chmod 755 "$T"; chmod 700 "$T/private"
	TRACER=$T/private/x/${TRACER##*/}
	traced setpriv --reuid=65534 --clear-groups /bin/true; is "a user who may not read the shim: the loader prints nothing" "$rc $err" "0 "
	traced sh -c 'echo $LD_PRELOAD'; like "a user who may read it: the shim is loaded" "$(cat "$T/out")" "$T/private/*shim*"
else skip "as another user" "only root may become one"; fi
if command -v bwrap >/dev/null && bwrap --bind / / true 2>/dev/null; then
	traced bwrap --ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64 --proc /proc /usr/bin/true
	is "a sandbox without the shim: the loader prints nothing" "$rc $err" "0 "
else skip "in a sandbox" "bubblewrap does not work here"; fi
finish
