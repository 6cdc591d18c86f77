#include "config.h"

#include "supervisor/child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
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

/* The supervisor ignores nearly everything; the child gets what the runner was born with. */
static void reset_signals(uint64_t ignored)
{
	struct sigaction a = { .sa_handler = SIG_DFL };
	sigset_t none;
	int i;

	for (i = 1; i <= 64; i++) {
		a.sa_handler = (ignored >> (i - 1) & 1) ? SIG_IGN : SIG_DFL;
		sigaction(i, &a, NULL);
	}
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Nothing but 0-2 may pass exec. The supervisor's own 0-2 are /dev/null and stay where
 * none is given; so every fd given is above 2 and no dup2 hits another. */
static int set_up_fds(const int fd[3])
{
	int i;

	for (i = 0; i < 3; i++)
		if (fd[i] >= 0 && dup2(fd[i], i) < 0)
			return -1;
	if (syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		for (i = 3; i < 64; i++)           /* an older kernel: ours are marked already, this is for mishaps */
			fcntl(i, F_SETFD, FD_CLOEXEC);
	return 0;
}

static long seccomp_listen(unsigned long flags, struct sock_fprog *program)
{
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, program);
}

/* The listener, or -errno. Flags the kernel does not know are left out, one by one. */
static int install_listener(struct sock_fprog *program)
{
	static const unsigned long flags[] = {
		SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_SPEC_ALLOW | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
		SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_SPEC_ALLOW,
		SECCOMP_FILTER_FLAG_NEW_LISTENER,
	};
	unsigned i;
	long r = -1;

	for (i = 0; i < sizeof flags / sizeof *flags; i++) {
		r = seccomp_listen(flags[i], program);
		if (r >= 0 || errno != EINVAL)
			break;
	}
	return r >= 0 ? (int)r : -errno;
}

/* no_new_privs breaks sudo for good, so it is set only if the kernel insists. */
static int install(const struct message_filter *f, const void *code, int *privs)
{
	struct sock_fprog program = {
		.len = (unsigned short)(f->size / sizeof(struct sock_filter)),
		.filter = (struct sock_filter *)(uintptr_t)code,
	};
	int r;

	if (f->how != HOW_NOTIFY)
		return -ENOTSUP;
	r = install_listener(&program);
	if (r != -EACCES || *privs)
		return r;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	*privs = 1;
	return install_listener(&program);
}

/* Installs the first filter that the kernel takes. Returns its how, 0: none. From
 * there to exec nothing may be called that a filter could hold: only sendmsg and
 * execve, and whoever answers has the listener before execve asks. */
static uint32_t install_first(const struct start *s, int keeper)
{
	int privs = 0, r = 0;
	uint32_t i;

	for (i = 0; i < s->head->filters_n; i++) {
		r = install(&s->filter[i], s->program_of[i], &privs);
		if (r < 0)
			continue;
		tell(keeper, NOTE_FILTER, s->filter[i].how, 0, CALL_NONE, r);
		return s->filter[i].how;
	}
	if (privs) {
		tell(keeper, NOTE_AGAIN, 0, -r, CALL_NONE, -1);
		_exit(127);
	}
	tell(keeper, NOTE_FILTER, 0, -r, CALL_NONE, -1);
	return 0;
}

void child_run(const struct start *s, const int fd[3], int keeper, int filtered)
{
	uint32_t how = 0;

	if (set_up_fds(fd) < 0)
		fail(keeper, CALL_FORK, errno);
	if (chdir(s->dir) < 0)
		fail(keeper, CALL_CHDIR, errno);
	reset_signals(s->head->ignored);
	if (filtered)
		how = install_first(s, keeper);
	execve(s->program, s->argv, how != 0 ? s->env : s->untraced);
	fail(keeper, CALL_EXECVE, errno);
}
