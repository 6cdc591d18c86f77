# Files that are reached in an unusual way: each is an input, or nothing is kept.
. "${0%/*}/../../lib/functions.sh" || exit
. "$abs_top_srcdir/tests/run/trace/lib.sh"
: "${CC:=cc}"
workspace
mkdir bin d; echo one >d/a
cp "$(command -v cat)" bin/interp; printf '#!bin/interp\nhello\n' >script; chmod +x script
traced sh -c ./script
well "a script with an interpreter named from here"
was "the interpreter: executed" EXEC bin/interp
cp script d/script
traced sh -c 'cd d && ln -s ../bin . && exec ./script'
was "a script in another folder: its interpreter is executed" EXEC d/bin/interp
file looks.sh 'i=0; while [ $i -lt 30 ]; do [ -f none$i ]; i=$((i + 1)); done; [ "$1" ] && exec ./script; cd d; exec ../script'
cp bin/interp d/; mkdir d/bin2; rm d/bin; mv d/bin2 d/bin; mv d/interp d/bin/interp
traced sh looks.sh here; was "a script started by the gate: its interpreter is executed" EXEC script bin/interp
traced sh looks.sh; was "a script started by the gate in another folder: its interpreter is executed" EXEC script d/bin/interp

file p.c '#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	struct stat s; struct statx x; char b[100]; int d;
	if (argc > 1 && argv[1][0] == 116) {
		d = syscall(428, AT_FDCWD, "d", 1);
		return d < 0 ? 9 : read(openat(d, "a", O_RDONLY), b, 100) != 4;
	}
	d = open("d", O_PATH | O_DIRECTORY);
	return argc > 1 ? statx(d, "flag", AT_EMPTY_PATH, STATX_SIZE, &x) == 0 : fstatat(d, "flag", &s, AT_EMPTY_PATH) == 0;
}'
if $CC p.c -o p 2>/dev/null; then
	traced ./p; was "fstatat with a name and the flag for an empty one: looked for" PROBE d/flag
	traced ./p x; was "statx with a name and the flag for an empty one: looked for" PROBE d/flag
	traced ./p tree
	if [ "$rc" = 9 ]; then skip "a folder that is cloned" "it may not be done here"
	else like "below a folder that is cloned: nothing is kept" "$end" "incomplete*opened a file by handle, without a name"; fi

	file listens.c '#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	struct sock_filter f[] = { BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW) }; struct sock_fprog p = { 1, f };
	(void)argv;
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, argc > 1 ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0, &p) < 0;
}'
	if $CC listens.c -o listens 2>/dev/null; then
		traced ./listens; well "a program with a filter"
		traced ./listens x
		like "a program that would listen to calls itself: nothing is kept" "$end" "incomplete*process * (listens) asked to be told of system calls, as vt already is*"
	else skip "a program with a filter" "the headers are too old"; fi
else skip "calls in C" "no compiler"; fi

if command -v bwrap >/dev/null && bwrap --bind / / true 2>/dev/null && W2=$(mktemp -d /dev/shm/vt-test.XXXXXX 2>/dev/null); then
	cleanup "rm -rf $W2"; (
	cd "$W2" || exit; mkdir sub; echo x >sub/input
	traced bwrap --bind / / --bind "$W2/sub" /mnt cat /mnt/input
	printf '%s\n' "$rc $end" >"$T/shm" )
	like "a workspace in memory, a part of it mounted elsewhere: nothing is kept" "$(cat "$T/shm")" "0 incomplete*sees other mounts than vt does"
else skip "a workspace in memory" "bubblewrap or /dev/shm cannot be used here"; fi

if command -v bindfs >/dev/null && [ -w /dev/fuse ]; then
	workspace; file package.json '{"name":"app","private":true}'
	mkdir d m; echo one >d/a; file t.sh 'bindfs d m && cat m/a && mkdir m/x && cp m/a m/b && rm m/b; umount m'
	file vite-task.json '{"tasks":{"t":"sh t.sh"}}'
	cleanup "umount -l $W/m 2>/dev/null"
	VT_TIMEOUT=20 capture vt run t
	is "a file system that the task itself serves: the run does not wait for it" "$rc" 0
	file t.sh 'bindfs d m && cat m/a'; rm -rf .vt
	VT_TIMEOUT=20 capture vt run t
	is "a file system that a daemon of the task serves: the run does not wait for it" "$rc" 0
	seq -f d/f%g 100 | xargs touch
	file t.sh 'bindfs d m && echo x >written && cat m/f*'; rm -rf .vt; umount -l m
	VT_TIMEOUT=20 capture vt run t
	is "... nor for many names of a folder there" "$rc" 0
	umount -l m 2>/dev/null
else skip "a file system that the task serves" "bindfs is not installed, or there is no /dev/fuse"; fi

if [ "$(id -u)" = 0 ] && unshare -fp true 2>/dev/null; then
	workspace; file package.json '{"name":"app","private":true}'
	file vite-task.json '{"tasks":{"t":"cat in"}}'
	capture unshare -fp sh -c 'echo 1 >in; "$0" run t; echo 2 >in; "$0" run t' "$VT"
	has "a /proc of another namespace: the task runs again" "$out" 2
	has "... the reason is told" "$out$err" "/proc shows the processes of another namespace"
else skip "a /proc of another namespace" "only root may make one"; fi
finish
