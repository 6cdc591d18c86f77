#include "config.h"

#include "process/orphans.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "os/loop.h"       /* for os_now_ms */
#include "supervisor/message.h"
#include "supervisor/tree.h"

enum { DYING_MS = 500 };               /* how long a killed process may take to be gone */

static unsigned long long ticks_since_boot(void)
{
	struct timespec t;
	unsigned long long hz = (unsigned long long)sysconf(_SC_CLK_TCK);

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (unsigned long long)t.tv_sec * hz + (unsigned long long)t.tv_nsec / (1000000000 / hz);
}

/* Reaps the ended children of this process, the supervisors of earlier runs among them. */
static void reap(void)
{
	siginfo_t info = { .si_pid = 0 };

	while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG) == 0 && info.si_pid)
		info.si_pid = 0;
}

void orphans_adopt(struct orphans *o)
{
	siginfo_t info;

	memset(o, 0, sizeof *o);
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	reap();
	/* nearly always there are none, and the whole of /proc need not be read */
	if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0)
		o->others_n = tree_children(getpid(), o->other, ORPHANS_OTHERS);
	o->since = ticks_since_boot();
}

static int is_in(pid_t pid, const pid_t *list, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n && list[i] != pid; i++)
		;
	return i < n;
}

static int is_spared(void *ctx, pid_t pid, unsigned long long started)
{
	const struct orphans *o = ctx;

	return started < o->since || is_in(pid, o->other, (uint32_t)o->others_n) || is_in(pid, o->keepers, o->keepers_n);
}

void orphans_kill(struct orphans *o, pid_t supervisor, const pid_t *keepers, uint32_t keepers_n, int wait_ms)
{
	int64_t until = os_now_ms() + wait_ms;
	int left, none = 0, pause = 1;

	o->keepers = keepers;
	o->keepers_n = keepers_n;
	do {
		left = tree_signal(getpid(), SIGKILL, is_spared, o);
		if (supervisor > 0)
			left += tree_signal(supervisor, SIGKILL, is_spared, o);
		/* one that is born while /proc is read may be missed once */
		none = left > 0 ? 0 : none + 1;
		poll(NULL, 0, pause);
		pause = pause < 50 ? pause * 2 : 50;
	} while (none < 2 && os_now_ms() < until);
	o->keepers = NULL;
	o->keepers_n = 0;
}

/* A dying process closes its sockets before its children get their new parent: only after its end are they found. */
void orphans_await_end(pid_t pid)
{
	struct pollfd w = { .fd = pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1, .events = POLLIN };

	if (w.fd < 0)
		return;
	poll(&w, 1, DYING_MS);
	close(w.fd);
}

/* ---- keepers -------------------------------------------------------------------- */

bool keeper_lives(int sock, bool *ret_exited)
{
	struct message m;
	int n;
	ssize_t r;

	while ((r = message_receive(sock, &m, sizeof m, NULL, 0, &n)) > 0)
		if (ret_exited && (m.kind == MESSAGE_EXITED || m.kind == MESSAGE_FAILED))
			*ret_exited = true;
	return r < 0 && errno == EAGAIN;
}

/* While its socket is open the keeper lives: then the pid is still its own, and the pidfd is of no other process. */
void keeper_signal(int sock, pid_t keeper, int signum)
{
	int fd = keeper > 0 ? (int)syscall(SYS_pidfd_open, keeper, 0) : -1;

	if (fd >= 0 && keeper_lives(sock, NULL))
		syscall(SYS_pidfd_send_signal, fd, signum, NULL, 0);
	if (fd >= 0)
		close(fd);
}

bool keeper_has_exited(int sock, int64_t until_ns)
{
	struct pollfd w = { .fd = sock, .events = POLLIN };
	bool exited = false;

	while (sock >= 0 && keeper_lives(sock, &exited) && os_now_ns() < until_ns)
		poll(&w, 1, 50);
	return exited;
}
