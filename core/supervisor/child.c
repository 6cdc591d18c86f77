#include "config.h"

#include "supervisor/child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif
#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

enum { HOW_NOTIFY = 1, HOW_PTRACE = 2 };         /* VT_FILTER_* */

static void tell(int keeper, uint32_t kind, uint32_t how, int error, uint32_t call, int fd)
{
	struct child_note n = { kind, how, error, call };

	message_send(keeper, &n, sizeof n, &fd, fd >= 0);
}

static void fail(int keeper, uint32_t call, int error) __attribute__((noreturn));
static void fail(int keeper, uint32_t call, int error)
{
	tell(keeper, NOTE_FAILED, 0, error, call, -1);
	_exit(127);
}

/* The supervisor ignores nearly everything; the child gets what the runner was born
 * with. Asked of the kernel itself: libc hides two signals that posix_spawn ignores. */
static void reset_signals(uint64_t ignored)
{
	struct { unsigned long handler, flags, restorer; uint64_t mask; } action = { 0 };
	sigset_t none;
	int i;

	for (i = 1; i <= 64; i++) {
		action.handler = (unsigned long)((ignored >> (i - 1) & 1) ? SIG_IGN : SIG_DFL);
		syscall(SYS_rt_sigaction, i, &action, NULL, sizeof action.mask);
	}
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* vt raised its own soft limit of open files; select() of a child may not bear that. */
static void reset_files(uint64_t soft)
{
	struct rlimit now;

	if (soft == 0 || getrlimit(RLIMIT_NOFILE, &now) < 0 || now.rlim_max < soft)
		return;
	now.rlim_cur = soft;
	setrlimit(RLIMIT_NOFILE, &now);
}

/* Nothing but 0-2 may pass exec. The supervisor's own 0-2 are /dev/null and stay where
 * none is given; so every fd given is above 2 and no dup2 hits another. */
static int set_up_fds(const int fd[3])
{
	int i;

	for (i = 0; i < 3; i++)
		if (fd[i] >= 0 && dup2(fd[i], i) < 0)
			return -1;
	if (syscall(__NR_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		for (i = 3; i < 64; i++)           /* an older kernel: vt's own descriptors have CLOEXEC already, this closes any other */
			fcntl(i, F_SETFD, FD_CLOEXEC);
	return 0;
}

/* Puts make's job server where MAKEFLAGS says that it is. The keeper's socket, which may
 * have one of these numbers, gets another. */
static void set_up_jobserver(const struct message_start *head, const int make[2], int *keeper)
{
	int above = (head->make[0] > head->make[1] ? head->make[0] : head->make[1]) + 1;
	int i, moved, at[2];

	if (head->make[0] == 0)
		return;
	moved = fcntl(*keeper, F_DUPFD_CLOEXEC, above);
	for (i = 0; i < 2; i++)
		at[i] = fcntl(make[i], F_DUPFD_CLOEXEC, above);
	if (moved < 0 || at[0] < 0 || at[1] < 0)
		return;                /* no room: the child's make builds one by one, and says so */
	*keeper = moved;
	for (i = 0; i < 2; i++)
		dup2(at[i], head->make[i]);
}

static long seccomp_set(unsigned long flags, struct sock_fprog *program)
{
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, program);
}

/* The listener, or -errno. Flags the kernel does not know are left out, one by one. */
static long install_listener(struct sock_fprog *program)
{
	static const unsigned long flags[] = {
		SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_SPEC_ALLOW | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
		SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_SPEC_ALLOW,
		SECCOMP_FILTER_FLAG_NEW_LISTENER,
	};
	unsigned i;
	long r = -1;

	for (i = 0; i < sizeof flags / sizeof *flags; i++) {
		r = seccomp_set(flags[i], program);
		if (r >= 0 || errno != EINVAL)
			break;
	}
	return r >= 0 ? r : -errno;
}

static long install_tracing(struct sock_fprog *program)
{
	long r = seccomp_set(SECCOMP_FILTER_FLAG_SPEC_ALLOW, program);

	if (r < 0 && errno == EINVAL)
		r = seccomp_set(0, program);
	return r < 0 ? -errno : 0;
}

/* Changes of a child that no exec undoes. */
struct marks {
	bool privs;            /* no_new_privs is set */
	bool seized;           /* the keeper traces us */
};

/* no_new_privs breaks sudo for good, so it is set only if the kernel insists. */
static long install(struct sock_fprog *program, long (*with)(struct sock_fprog *), struct marks *m)
{
	long r = with(program);

	if (r != -EACCES || m->privs)
		return r;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	m->privs = true;
	return with(program);
}

static int32_t ask(int keeper, uint32_t kind)
{
	int32_t error;

	tell(keeper, kind, HOW_PTRACE, 0, CALL_NONE, -1);
	return recv(keeper, &error, sizeof error, 0) == (ssize_t)sizeof error ? error : EPIPE;
}

static void give_up(int keeper, int error) __attribute__((noreturn));
static void give_up(int keeper, int error)
{
	tell(keeper, NOTE_AGAIN, 0, error, CALL_NONE, -1);
	_exit(127);
}

/* An outer filter with a listener takes the stop away without a word, so one call is
 * made to see whether it comes through. 0: traced; -errno: not, and nothing happened. */
static long trace(struct sock_fprog *program, int keeper, struct marks *m)
{
	int32_t error = ask(keeper, NOTE_SEIZE);
	long r;

	if (error != 0)
		return -error;
	m->seized = true;
	r = install(program, install_tracing, m);
	if (r < 0)
		return r;
	syscall(SYS_faccessat, AT_FDCWD, "/vt-probe", F_OK);
	error = ask(keeper, NOTE_PROBED);
	if (error != 0)
		give_up(keeper, error);
	return 0;
}

/* Installs the first filter that the kernel takes. Returns its how, 0: none. From
 * there to exec nothing may be called that a filter could hold: only sendmsg, recvmsg
 * and execve, and the process that answers has the listener before execve asks. */
static uint32_t install_first(const struct start *s, int keeper)
{
	struct marks m = { false, false };
	struct sock_fprog program;
	long r = 0;
	uint32_t i, how;

	for (i = 0; i < s->head->filters_n; i++) {
		how = s->filter[i].how;
		program.len = (unsigned short)(s->filter[i].size / sizeof *program.filter);
		program.filter = (struct sock_filter *)(uintptr_t)s->program_of[i];
		if (how == HOW_NOTIFY)
			r = install(&program, install_listener, &m);
		else
			r = how == HOW_PTRACE ? trace(&program, keeper, &m) : -ENOTSUP;
		if (r < 0)
			continue;
		if (how == HOW_NOTIFY)
			tell(keeper, NOTE_FILTER, how, 0, CALL_NONE, (int)r);
		return how;
	}
	if (m.privs || m.seized)
		give_up(keeper, (int)-r);
	tell(keeper, NOTE_FILTER, 0, (int)-r, CALL_NONE, -1);
	return 0;
}

/* Does the file begin as text does? A shell refuses what does not. */
static bool is_text(const char *path)
{
	char head[128];
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	n = read(fd, head, sizeof head);
	close(fd);
	return n >= 0 && memchr(head, '\0', (size_t)n) == NULL;
}

/* A script without `#!` is the shell's; its $0 is the name it was called by, where that leads to it. */
static void exec_script(const struct start *s, char **env)
{
	static char shell[] = "/bin/sh";

	if (!is_text(s->program)) {
		errno = ENOEXEC;
		return;
	}
	s->argv[-1] = shell;
	if (strchr(s->argv[0], '/') == NULL)
		s->argv[0] = s->program;
	execve(shell, s->argv - 1, env);
}

void child_run(const struct start *s, const int fd[3], const int make[2], int keeper, int filtered)
{
	uint32_t how = 0;
	char **env;

	if (set_up_fds(fd) < 0)
		fail(keeper, CALL_FORK, errno);
	set_up_jobserver(s->head, make, &keeper);
	if (chdir(s->dir) < 0)
		fail(keeper, CALL_CHDIR, errno);
	reset_signals(s->head->ignored);
	reset_files(s->head->files);
	if (filtered)
		how = install_first(s, keeper);
	env = how != 0 ? s->env : s->untraced;
	execve(s->program, s->argv, env);
	if (errno == ENOEXEC)
		exec_script(s, env);
	fail(keeper, CALL_EXECVE, errno);
}
