/* vt-supervisor: the parent of all tasks of one run.
 *
 * One loop: a START comes, a keeper is forked for it (keeper.c); the rest is between
 * the runner and that keeper. It stays in the runner's process group and session but
 * is deaf to what a terminal sends there, and holds nothing of the runner's but its
 * end of one socket. When the runner is gone the keepers know what to do; this process
 * only stays behind them as long as there is one, to clean up after one that is killed. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "supervisor/keeper.h"
#include "supervisor/message.h"
#include "supervisor/tree.h"

enum { PID_MAX = 1 << 22 };

static struct {
	int children;                          /* signalfd */
	int keepers;                           /* how many live */
	bool killing;                          /* a keeper was killed: what it kept is ours now and must die */
	int wait_ms;                           /* while killing: to the next round */
	int none;                              /* while killing: rounds in a row that found nothing */
	unsigned char keeper[PID_MAX / 8];     /* a bit per pid */
	union {
		struct message_start head;
		char bytes[sizeof(struct message_start) + MESSAGE_INLINE];
	} packet;
} s;

static int is_keeper(pid_t pid)
{
	return s.keeper[pid / 8 % sizeof s.keeper] >> pid % 8 & 1;
}

static void flip_keeper(pid_t pid)
{
	s.keeper[pid / 8 % sizeof s.keeper] ^= (unsigned char)(1 << pid % 8);
}

static void deafen(void)
{
	static const int kept[] = { SIGCHLD, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS };
	struct sigaction ignore = { .sa_handler = SIG_IGN }, usual = { .sa_handler = SIG_DFL };
	sigset_t chld;
	unsigned i, n;

	for (i = 1; i <= 64; i++) {
		for (n = 0; n < sizeof kept / sizeof *kept && kept[n] != (int)i; n++)
			;
		if (n == sizeof kept / sizeof *kept)
			sigaction((int)i, &ignore, NULL);
	}
	sigaction(SIGCHLD, &usual, NULL);
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_SETMASK, &chld, NULL);
	s.children = signalfd(-1, &chld, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void start(size_t size, int *fds, int n)
{
	struct message failed = { .kind = MESSAGE_FAILED, .call = CALL_FORK };
	const struct message_start *head = &s.packet.head;
	bool whole = size >= sizeof *head && head->kind == MESSAGE_START && n > 0 &&
		     (head->in_memfd || head->size == size - sizeof *head);
	pid_t pid = whole ? fork() : -1;

	if (pid == 0) {
		close(MESSAGE_SOCKET);
		keeper_run(head, head->in_memfd ? NULL : s.packet.bytes + sizeof *head, fds, n, s.children);
	}
	if (pid > 0) {
		flip_keeper(pid);
		s.keepers++;
	} else if (n > 0) {
		failed.value = whole ? errno : EBADMSG;
		message_send(fds[0], &failed, sizeof failed, NULL, 0);
	}
	while (n > 0)
		close(fds[--n]);
}

/* Returns false when the runner is gone. */
static bool read_runner(void)
{
	int fds[MESSAGE_FDS], n;
	ssize_t r;

	while ((r = message_receive(MESSAGE_SOCKET, &s.packet, sizeof s.packet, fds, MESSAGE_FDS, &n)) > 0)
		start((size_t)r, fds, n);
	return r < 0 && (errno == EAGAIN || errno == EMSGSIZE || errno == ENOMEM || errno == ENOBUFS);
}

static void reap(void)
{
	struct signalfd_siginfo info;
	pid_t pid;
	int status;

	while (read(s.children, &info, sizeof info) > 0)
		;
	while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED | __WALL)) > 0) {
		if (!is_keeper(pid))
			continue;
		if (WIFSTOPPED(status)) {
			/* a keeper is the parent of its task, which may stop it: the runner waits for its word */
			kill(pid, SIGCONT);
			continue;
		}
		flip_keeper(pid);
		s.keepers--;
		if (status != 0) {
			s.killing = true;
			s.wait_ms = 1;
			s.none = 0;
		}
	}
}

static int is_spared(void *ctx, pid_t pid, unsigned long long started)
{
	(void)ctx, (void)started;
	return is_keeper(pid);
}

/* A process that is born while /proc is read may be missed once: it is gone when it is missing twice. */
static void kill_orphans(void)
{
	s.wait_ms = s.wait_ms < 200 ? s.wait_ms * 2 : 200;
	s.none = tree_signal(getpid(), SIGKILL, is_spared, NULL) == 0 ? s.none + 1 : 0;
	if (s.none >= 2)
		s.killing = false;
}

int main(void)
{
	struct pollfd p[2] = { { .fd = MESSAGE_SOCKET, .events = POLLIN }, { .events = POLLIN } };

	deafen();
	if (s.children < 0 || fcntl(MESSAGE_SOCKET, F_SETFD, FD_CLOEXEC) < 0 || chdir("/") < 0)
		return 1;
	/* What the runner inherited unmarked must not be held open here. */
	syscall(__NR_close_range, (unsigned)MESSAGE_SOCKET + 1, (unsigned)s.children - 1, 0);
	syscall(__NR_close_range, (unsigned)s.children + 1, ~0U, 0);
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	p[1].fd = s.children;
	while (p[0].fd >= 0 || s.keepers > 0 || s.killing) {
		poll(p, 2, s.killing ? s.wait_ms : -1);
		if (p[0].revents != 0 && !read_runner())
			p[0].fd = -1;
		reap();
		if (s.killing)
			kill_orphans();
	}
	return 0;
}
