/* vt-supervisor: the parent of all tasks of one run.
 *
 * One loop: a START comes, a keeper is forked for it (keeper.c); the rest is between
 * the runner and that keeper. It stays in the runner's process group and session but
 * is deaf to what a terminal sends there, and holds nothing of the runner's but its
 * end of one socket. When the runner is gone the keepers know what to do; this process
 * only stays behind them as long as there is one, to clean up after one that is killed.
 *
 *     runner ── guard ── supervisor ── keeper ── the task
 *
 * The guard is the process that the runner started, and only waits: a task that kills runner,
 * supervisor and keeper leaves the task's processes to it, and it ends them. When the
 * guard is killed the kernel kills the supervisor, which the runner notices. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
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
	bool killing;                          /* a keeper was killed: its processes are ours now and must die */
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

/* ---- the guard ---- */

static bool same_program(pid_t pid)
{
	struct stat own, its;
	char path[32];

	snprintf(path, sizeof path, "/proc/%d/exe", (int)pid);
	return stat("/proc/self/exe", &own) == 0 && stat(path, &its) == 0 && own.st_dev == its.st_dev && own.st_ino == its.st_ino;
}

/* Keepers came to the guard when their supervisor died. They end their tasks themselves. */
static int is_spared_by_guard(void *ctx, pid_t pid, unsigned long long started)
{
	(void)ctx, (void)started;
	return same_program(pid);
}

/* Kills the processes below the guard that are not below a keeper. */
static void kill_left(void)
{
	int none = 0, wait_ms = 1;

	while (none < 2) {
		none = tree_signal(getpid(), SIGKILL, is_spared_by_guard, NULL) == 0 ? none + 1 : 0;
		while (waitpid(-1, NULL, WNOHANG | __WALL) > 0)
			;
		poll(NULL, 0, wait_ms);
		wait_ms = wait_ms < 50 ? wait_ms * 2 : 50;
	}
}

/* The next child that ended, and whether by itself with 0; a stopped one is woken. false: there is no child. */
static bool wait_for_child(pid_t *ret, bool *ret_good)
{
	siginfo_t info;

	for (;;) {
		info.si_pid = 0;
		if (waitid(P_ALL, 0, &info, WEXITED | WSTOPPED | __WALL) < 0) {
			if (errno == EINTR)
				continue;
			return false;
		}
		if (info.si_code == CLD_STOPPED && same_program(info.si_pid))
			kill(info.si_pid, SIGCONT);
		if (info.si_code == CLD_STOPPED || info.si_code == CLD_TRAPPED)
			continue;
		*ret = info.si_pid;
		*ret_good = info.si_code == CLD_EXITED && info.si_status == 0;
		return true;
	}
}

static void guard(pid_t supervisor) __attribute__((noreturn));
static void guard(pid_t supervisor)
{
	bool died = false, good;
	pid_t pid;

	close(MESSAGE_SOCKET);
	close(s.children);
	while (wait_for_child(&pid, &good)) {
		if (pid == supervisor && good)
			_exit(0);
		died |= pid == supervisor;
		if (died && !good)
			kill_left();
	}
	_exit(0);
}

/* Goes on as the supervisor in a child of this process, or in itself where there can be none. */
static void leave_guard(void)
{
	const pid_t above = getpid(), pid = fork();

	if (pid > 0)
		guard(pid);
	if (pid < 0)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (getppid() != above)
		_exit(1);
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

int main(void)
{
	struct pollfd p[2] = { { .fd = MESSAGE_SOCKET, .events = POLLIN }, { .events = POLLIN } };

	deafen();
	if (s.children < 0 || fcntl(MESSAGE_SOCKET, F_SETFD, FD_CLOEXEC) < 0 || chdir("/") < 0)
		return 1;
	/* Closes the descriptors that the runner inherited without CLOEXEC. */
	syscall(__NR_close_range, (unsigned)MESSAGE_SOCKET + 1, (unsigned)s.children - 1, 0);
	syscall(__NR_close_range, (unsigned)s.children + 1, ~0U, 0);
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	leave_guard();
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
